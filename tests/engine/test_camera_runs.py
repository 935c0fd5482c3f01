"""A camera that changes over time, on a real Ray."""

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from raydrift.drift import apply_chain
from raydrift.drift.written import read_back
from raydrift.engine.generate import generate
from raydrift.images.codec import decode
from raydrift.settings import ImageSettings
from raydrift.settings.toml import generate_settings
from raydrift.transforms import DriftProfile

pytestmark = pytest.mark.usefixtures("ray_session")

CAMERA = {"mode": "full", "view": "ma,u", "cfa": "GBRG"}
FIRMWARE = {"transforms": ["isp_sharpen:0.5", "isp_demosaic:1"], "start": 0.5}
LIGHT = {"transforms": ["isp_white_balance:0.6", "isp_noise:0.5"], "kind": "gradual", "width": 0.8}


def run(source: Path, output: Path, workers: int, shard_size: int) -> Path:
    plain: dict[str, Any] = {
        "input": str(source),
        "output": str(output),
        "image": {"height": 40, "width": 51},
        "camera": CAMERA,
        "drift": [LIGHT, FIRMWARE],
        "write": {"shard_size": shard_size},
        "cluster": {"workers": workers},
    }
    generate(generate_settings(plain), quiet=True)
    return output


def test_the_bytes_are_the_same_for_any_workers_and_explained_by_their_rows(
    scenes: Path, tmp_path: Path
) -> None:
    two, one = (run(scenes, tmp_path / str(n), n, 8 * n) for n in (2, 1))
    archive = (two / "sampled_images.zip").read_bytes()
    assert (one / "sampled_images.zip").read_bytes() == archive
    rows = pq.read_table(two / "provenance.parquet").to_pylist()
    assert rows == pq.read_table(one / "provenance.parquet").to_pylist()
    seen = set()
    with ZipFile(two / "sampled_images.zip") as images:
        for row, name in list(zip(rows, images.namelist(), strict=True))[::5]:
            chain = read_back(row["transforms"])
            seen |= {str(drawn.kernel) for drawn in chain if drawn.parameters}
            source = decode((scenes / row["source_path"]).read_bytes(), ImageSettings(40, 51))
            image = apply_chain(
                source,
                chain,
                seed=42,
                sample_id=row["sample_id"],
                profile=DriftProfile(camera=CAMERA),
            )
            assert np.array_equal(image, np.asarray(Image.open(images.open(name))))
    assert seen == {"isp_white_balance", "isp_noise", "isp_sharpen", "isp_demosaic"}
