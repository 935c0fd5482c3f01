"""Real runs over raw files."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import raydrift
from raydrift.catalog import catalog_of, load_catalog
from raydrift.drift.camera.raw import develop_raw, replay_raw
from raydrift.drift.written import read_back
from raydrift.engine.generate import generate
from raydrift.errors import CatalogError, ImageError
from raydrift.images.codec import decode_image
from raydrift.images.raw.decoder import read_raw
from raydrift.report.preview import preview
from raydrift.settings import GenerateSettings, ImageSettings, RawSettings
from raydrift.settings.toml import generate_settings
from raydrift.storage.record import JobRecord
from tests.image_files import file_of
from tests.raw_files import CFAS, dng, hollow, lossless, noise
from tests.written import written_pixels

pytestmark = pytest.mark.usefixtures("ray_session")

SIZE = {"height": 24, "width": 32}
CHAIN = ["hue:0.3", "isp:0.5", "isp_noise:0.2"]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raws")
    for number, cfa in enumerate(CFAS):
        place = folder / ("a" if number % 2 else "b") / f"{cfa}.dng"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(dng(noise(65, 97), cfa, orientation=2 * number + 1))
    (folder / "a/packed.DNG").write_bytes(dng(noise(60, 80), packed=lossless(noise(60, 80))))
    (folder / "a/hollow.dng").write_bytes(hollow())
    (folder / "b/cut.nef").write_bytes(dng(noise(60, 80))[:5000])
    (folder / "b/beside.jpg").write_bytes(file_of(noise(20, 20).astype(np.uint8), "JPEG"))
    return folder


def settings_of(source: Path, output: Path, **values: Any) -> GenerateSettings:
    return generate_settings(
        {
            "input": str(source),
            "output": str(output),
            "transforms": CHAIN,
            "image": SIZE,
            "raw": {},
            "faults": {"max_rejected": 1},
            **values,
        }
    )


def made(source: Path, output: Path, **values: Any) -> JobRecord:
    return generate(settings_of(source, output, **values), quiet=True)


@pytest.fixture(scope="module")
def output(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("runs") / "one"
    made(source, place, cluster={"workers": 1}, write={"shard_size": 100})
    return place


def test_what_cannot_be_used_is_told(output: Path) -> None:
    rejected = pq.read_table(output / "rejected.parquet").to_pylist()
    assert {(row["path"], row["stage"], row["error"]) for row in rejected} == {
        ("a/hollow.dng", "decode", "a part of the mosaic is missing: it is no lossless JPEG"),
        ("b/cut.nef", "decode", "the file is cut off"),
    }
    record = json.loads((output / "run.json").read_text())
    assert record["ignored"] == {"not a raw file by its name": 1}
    assert record["identity"]["raw"] == record["settings"]["raw"]
    assert record["versions"]["rawpy"]


def test_its_rows_and_run_json_explain_every_pixel(source: Path, output: Path) -> None:
    settings = generate_settings(json.loads((output / "run.json").read_text())["settings"])
    assert settings.raw == RawSettings()
    shown = written_pixels(output)
    rows = pq.read_table(output / "provenance.parquet").to_pylist()
    assert len(rows) == len(shown) == 5
    for row in rows:
        mosaic = read_raw((source / row["source_path"]).read_bytes(), settings.image, settings.raw)
        again = replay_raw(
            mosaic,
            read_back(row["transforms"]),
            settings.raw,
            settings.image,
            seed=settings.seed,
            sample_id=row["sample_id"],
            profile=settings.profile,
            camera=json.loads(row["camera"]),
        )
        np.testing.assert_array_equal(shown[row["sample_id"]], again.pixels)


def test_any_workers_and_shards_make_the_same_files(
    source: Path, output: Path, tmp_path: Path
) -> None:
    made(source, tmp_path / "two", cluster={"workers": 2}, write={"shard_size": 2})
    for name in ("sampled_images.zip", "provenance.parquet", "rejected.parquet"):
        assert (tmp_path / "two" / name).read_bytes() == (output / name).read_bytes()
    record = made(source, tmp_path / "two")  # which is complete
    assert record.counts["written"] == 5


def test_the_python_api_has_it(source: Path, output: Path) -> None:
    generator = raydrift.ImageDatasetGenerator(
        seed=42,
        input_path=source,
        input_dim=(24, 32),
        raw=RawSettings(),
        faults=raydrift.FaultSettings(max_rejected=1),
        cluster=raydrift.ClusterSettings(workers=2),
        progress=False,
    )
    generator.add_abrupt_drift([raydrift.TransformInfo(*_split(one)) for one in CHAIN])
    (batch,) = generator.batches()
    expected = written_pixels(output)
    for sample_id, image in zip(batch.sample_ids.tolist(), batch.images, strict=True):
        np.testing.assert_array_equal(image, expected[sample_id])
    found = raydrift.open(output)
    assert json.loads(found.provenance["camera"][0].as_py())["gains_from"] == "file"
    assert found[0].provenance["camera"]["gains_from"] == "file"


def _split(written: str) -> tuple[str, float]:
    name, _, level = written.partition(":")
    return name, float(level)


@pytest.mark.slow
def test_an_evaluation_measures_it(source: Path, tmp_path: Path) -> None:
    from raydrift.engine.evaluate import evaluate
    from raydrift.settings.toml import evaluate_settings

    settings = evaluate_settings(
        {
            "input": str(source),
            "output": str(tmp_path / "measured"),
            "transforms": ["isp_gamma"],
            "levels": "1",
            "raw": {"read": "half"},
            "image": SIZE,
            "embedding": {"weights": "random", "batch_size": 8},
            "faults": {"max_rejected": 1},
            "cluster": {"workers": 1},
        }
    )
    evaluation = evaluate(settings, quiet=True)
    assert (evaluation.samples, len(evaluation.left_out)) == (7, 2) or (
        evaluation.samples,
        len(evaluation.left_out),
    ) == (5, 2)
    assert evaluation.summary[0].median > 0


def test_a_preview_shows_it(source: Path, tmp_path: Path) -> None:
    settings = settings_of(source, tmp_path / "sheet.png")
    found = preview(settings, ["isp_gamma", "hue"], [0.5, 1.0], 2)
    assert len(found.sample_ids) == 2


def test_declared_mosaics_are_listed_by_what_they_are(tmp_path: Path) -> None:
    for name in ("a.png", "b.tif", "c.dng", "d.raw"):
        (tmp_path / "in/x").mkdir(parents=True, exist_ok=True)
        (tmp_path / "in/x" / name).write_bytes(b"")
    of: dict[str, Any] = {"cfa": "RGGB", "gains": "drone", "matrix": "drone"}
    more = {"headerless": {"shape": [2, 2], "bits": 8}}
    for kind, name in (("png", "a.png"), ("tiff", "b.tif"), ("headerless", "d.raw")):
        raw = RawSettings(files=kind, **of, **more.get(kind, {}))
        catalog = load_catalog(str(tmp_path / "in"), raw=raw)
        assert catalog.table["path"].to_pylist() == [f"x/{name}"]
        assert catalog.ignored == {"not a raw file by its name": 3}
    assert load_catalog(str(tmp_path / "in"), raw=RawSettings()).table["path"].to_pylist() == [
        "x/c.dng"
    ]


class TestWithoutRaw:
    def test_a_folder_of_raw_files_is_told_what_to_do(self, tmp_path: Path) -> None:
        (tmp_path / "x").mkdir()
        (tmp_path / "x/1.NEF").write_bytes(dng(noise(30, 40)))
        told = "has no images but 1 raw file of cameras: develop them with --raw"
        with pytest.raises(CatalogError, match=told):
            load_catalog(str(tmp_path))
        (tmp_path / "x/1.png").write_bytes(file_of(noise(8, 8).astype(np.uint8), "PNG"))
        ignored = load_catalog(str(tmp_path)).ignored
        assert ignored == {"camera's raw file: --raw develops it": 1}

    def test_a_folder_without_raw_files_is_told_what_they_are(self, tmp_path: Path) -> None:
        (tmp_path / "x").mkdir()
        (tmp_path / "x/1.jpg").write_bytes(b"")
        with pytest.raises(
            CatalogError, match=r"has no raw files .*raw.files = 'auto' are .*\.nef"
        ):
            catalog_of(settings_of(tmp_path, tmp_path / "out"))

    @pytest.mark.parametrize("how", ["alone", "below a thumbnail", "in 8 bits"])
    def test_a_file_of_a_manifest_is_never_its_thumbnail(self, how: str) -> None:
        data = {
            "alone": dng(noise(30, 40)),
            "below a thumbnail": thumbnail_with_mosaic(),
            "in 8 bits": dng(noise(30, 40, 255).astype(np.uint8)),
        }[how]
        with pytest.raises(ImageError, match=r"a camera's raw file .*: read it with --raw, or"):
            decode_image(data, ImageSettings())

    def test_under_a_photographs_name_a_raw_file_is_developed_with_raw(self) -> None:
        mosaic = read_raw(thumbnail_with_mosaic(), ImageSettings(), RawSettings())
        assert develop_raw(mosaic, RawSettings(), ImageSettings()).pixels.std() > 5


def thumbnail_with_mosaic() -> bytes:
    """As NEF and DNG of cameras are: a small picture first, the mosaic in a SubIFD."""
    from tifffile import TiffWriter

    from tests.raw_files import _rationals

    file = BytesIO()
    picture = noise(24, 32, 255).astype(np.uint8)[:, :, None].repeat(3, 2)
    mosaic = noise(60, 80)
    of_picture: list[tuple[Any, ...]] = [
        (50706, "B", 4, bytes([1, 4, 0, 0]), True),
        (50708, "s", 0, "Test 1", True),
        (50728, "2I", 3, _rationals([0.5, 1, 0.7]), True),
        (271, "s", 0, "NIKON CORPORATION", True),
    ]
    of_mosaic: list[tuple[Any, ...]] = [
        (33421, "H", 2, (2, 2), True),
        (33422, "B", 4, bytes([0, 1, 1, 2]), True),
        (50717, "H", 1, 4000, True),
    ]
    with TiffWriter(file) as writer:
        writer.write(
            picture,
            photometric="rgb",
            subifds=1,
            subfiletype=1,
            extratags=of_picture,
            metadata=None,
        )
        writer.write(mosaic, photometric="cfa", extratags=of_mosaic, metadata=None)
    return file.getvalue()
