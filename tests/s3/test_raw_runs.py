"""Raw files in a bucket: the same tiles, views and rows as on a disk."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raydrift.engine.generate import generate
from raydrift.engine.views import views
from raydrift.paths import StoragePath
from raydrift.settings.toml import generate_settings, views_settings
from tests.image_files import file_of
from tests.raw_files import PRESET, dng, noise
from tests.s3.servers import Server
from tests.s3.test_storage_path import options

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("ray_session"),
    pytest.mark.parametrize("server", ["moto"], indirect=True),  # one of them is enough
]

CAMERA = {"read": "tile", "tile": 32}
DECLARED = {"files": "png", "cfa": "GRBG", "read": "tile", "tile": 20, **PRESET}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in {
        "a/1.dng": dng(noise(65, 97)),
        "b/2.dng": dng(noise(40, 70)),
        "a/3.png": file_of(noise(50, 41), "PNG"),
    }.items():
        place = tmp_path / "raws" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return tmp_path / "raws"


@pytest.mark.parametrize("raw", [CAMERA, DECLARED], ids=["camera", "declared"])
def test_a_bucket_gives_the_bytes_that_a_disk_gives(
    raw: dict[str, Any], server: Server, bucket: str, folder: Path, tmp_path: Path
) -> None:
    server.put_folder(folder, bucket, "in/")
    small = {"raw": raw, "image": {"height": 16, "width": 16}}
    made: list[dict[str, Any]] = []
    for source, output in (
        (str(folder), str(tmp_path / "out")),
        (f"s3://{bucket}/in", f"s3://{bucket}/out"),
    ):
        plain = {"input": source, "storage_options": options(server), **small}
        drifted = {"output": f"{output}/drifted", "transforms": ["isp:0.5"]}
        generate(generate_settings(plain | drifted), quiet=True)
        seen = {"output": f"{output}/views", "views": ["bi,s,ga", "ma,none,me"]}
        views(views_settings(plain | seen), quiet=True)
        names = ["drifted/sampled_images.zip", "views/ma_none_me/sampled_images.zip"]
        place = StoragePath.of(output, options(server) if "://" in output else {})
        found: dict[str, Any] = {name: (place / name).read_bytes() for name in names}
        for name in ("drifted/provenance", "views/views", "views/bi_s_ga/provenance"):
            file = pa.BufferReader((place / f"{name}.parquet").read_bytes())
            found[name] = pq.read_table(file)
        made.append(found)
    assert made[0] == made[1]
    assert made[0]["drifted/provenance"]["row"].null_count == 0
