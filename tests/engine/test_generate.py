"""Whole runs on a real Ray, looked at from outside: what is in the files."""

import gc
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn
from zipfile import ZipFile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from raydrift import schemas
from raydrift.catalog import load_catalog
from raydrift.drift import apply_chain
from raydrift.drift.platform import pixel_platform
from raydrift.drift.written import read_back
from raydrift.embed.state import load_state
from raydrift.embed.weights import find_weights
from raydrift.engine.generate import generate, shown
from raydrift.errors import (
    OutputError,
    PipelineError,
    RejectedError,
    ResourcesError,
    SettingsError,
    WeightsError,
)
from raydrift.images.codec import decode
from raydrift.settings import CalibrationSettings, GenerateSettings, ImageSettings
from raydrift.settings.toml import generate_settings
from raydrift.storage.record import JobRecord
from raydrift.transforms import DriftProfile
from tests.made_shards import shard_file

pytestmark = pytest.mark.usefixtures("ray_session")

TRANSFORMS = ["rotate:0.3", "hue:0.5", "gaussian_noise:0.2"]

Run = tuple[Path, JobRecord]


def settings_for(source: Path, output: Path, **values: Any) -> GenerateSettings:
    plain = {"input": str(source), "output": str(output), "transforms": TRANSFORMS, **values}
    return generate_settings(plain)


@pytest.fixture(scope="module")
def embedded(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All 72 scenes, drifted and embedded by two workers in shards of 16."""
    output = tmp_path_factory.mktemp("embedded")
    settings = settings_for(
        scenes,
        output,
        embedding={"compute": True, "weights": "random"},
        write={"shard_size": 16, "organize_by_class": True},
        cluster={"workers": 2},
    )
    return output, generate(settings, quiet=True)


def table(run: Run, name: str) -> pa.Table:
    return pq.read_table(run[0] / f"{name}.parquet")


def test_the_output_has_the_documented_files_and_nothing_else(embedded: Run) -> None:
    assert sorted(path.name for path in embedded[0].iterdir()) == [
        "embeddings.parquet",
        "input_mapping.parquet",
        "provenance.parquet",
        "rejected.parquet",
        "run.json",
        "sampled_images.zip",
        "target.parquet",
    ]


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("input_mapping", {"sample_id": "int64", "timestamp": "double", "file_name": "string"}),
        ("target", {"sample_id": "int64", "timestamp": "double", "label": "int64"}),
        (
            "embeddings",
            {
                "sample_id": "int64",
                "timestamp": "double",
                "embedding": "fixed_size_list<element: double>[512]",
            },
        ),
    ],
)
def test_the_tables_have_exactly_the_documented_columns(
    embedded: Run, name: str, columns: dict[str, str]
) -> None:
    found = {field.name: str(field.type) for field in table(embedded, name).schema}
    assert found == columns


def test_mapping_target_and_embeddings_join_one_to_one(embedded: Run) -> None:
    ids, times = list(range(72)), [1717232400.0 + 1800.0 * i for i in range(72)]
    for name in ("input_mapping", "target", "embeddings"):
        assert table(embedded, name)["sample_id"].to_pylist() == ids
        assert table(embedded, name)["timestamp"].to_pylist() == times
    assert table(embedded, "provenance")["sample_id"].to_pylist() == ids


def test_every_member_that_the_mapping_names_opens_in_pillow(embedded: Run) -> None:
    with ZipFile(embedded[0] / "sampled_images.zip") as archive:
        names = table(embedded, "input_mapping")["file_name"].to_pylist()
        assert archive.namelist() == names
        for name in names:
            image = Image.open(archive.open(name))
            assert (image.format, image.mode, image.size) == ("PNG", "RGB", (224, 224))
            image.load()


def test_members_lie_in_the_folder_of_their_class(embedded: Run) -> None:
    names = table(embedded, "input_mapping")["file_name"].to_pylist()
    provenance = table(embedded, "provenance").to_pylist()
    labels = table(embedded, "target")["label"].to_pylist()
    classes = ["boat", "city_night", "desert", "flower", "house", "mountain"]
    for i, (name, row, label) in enumerate(zip(names, provenance, labels, strict=True)):
        assert name == f"{row['class_name']}/{i:08d}.png"
        assert row["source_path"].startswith(f"{row['class_name']}/")
        assert label == classes.index(row["class_name"])


def test_no_image_comes_twice(embedded: Run, scenes: Path) -> None:
    paths = table(embedded, "provenance")["source_path"].to_pylist()
    assert sorted(paths) == sorted(str(p.relative_to(scenes)) for p in scenes.glob("*/*.jpg"))


def test_a_provenance_row_explains_every_pixel(embedded: Run, scenes: Path) -> None:
    """The source, the row and the run's seed give the written image again, noise and all."""
    with ZipFile(embedded[0] / "sampled_images.zip") as archive:
        for row, member in zip(
            table(embedded, "provenance").to_pylist()[::7], archive.namelist()[::7], strict=True
        ):
            drawn = read_back(row["transforms"])
            source = decode((scenes / row["source_path"]).read_bytes(), ImageSettings())
            again = apply_chain(source, drawn, seed=42, sample_id=row["sample_id"])
            written = np.asarray(Image.open(archive.open(member)))
            np.testing.assert_array_equal(again, written)


def test_embeddings_are_those_of_plain_torchvision_on_the_zips_own_pngs(embedded: Run) -> None:
    check_embeddings(embedded, seed=42, weights=None)


def check_embeddings(run: Run, seed: int, weights: Path | None) -> None:
    """Within 1e-5 of an embedding's norm; ours has its batch normalisation folded away."""
    import torch
    from torchvision.models import resnet18

    network = resnet18()
    network.fc = torch.nn.Identity()
    state = load_state(find_weights("random" if weights is None else str(weights), seed))
    network.load_state_dict(state, strict=False)  # drawn ones have no counts of training
    network.eval()
    with ZipFile(run[0] / "sampled_images.zip") as archive:
        pixels = [np.asarray(Image.open(archive.open(name))) for name in archive.namelist()]
    found = np.array(table(run, "embeddings")["embedding"].to_pylist())
    assert found.shape == (len(pixels), 512)
    with torch.inference_mode():
        for start in range(0, len(pixels), 32):
            images = torch.from_numpy(np.stack(pixels[start : start + 32]))
            wanted = network(images.permute(0, 3, 1, 2).float() / 255).double().numpy()
            error = np.linalg.norm(found[start : start + 32] - wanted, axis=1)
            assert (error <= 1e-5 * np.linalg.norm(wanted, axis=1)).all()


@pytest.mark.slow
def test_one_worker_with_one_shard_gives_the_same_zip(
    embedded: Run, scenes: Path, tmp_path: Path
) -> None:
    settings = settings_for(
        scenes,
        tmp_path,
        write={"shard_size": 256, "organize_by_class": True},
        cluster={"workers": 1},
    )
    record = generate(settings, quiet=True)
    assert record.shards == 1
    wanted = dict(embedded[1].files)
    del wanted["embeddings.parquet"]
    assert record.files == wanted


def test_a_worker_that_drifts_and_one_that_embeds_give_the_same_bytes(
    embedded: Run, scenes: Path, tmp_path: Path
) -> None:
    settings = settings_for(
        scenes,
        tmp_path,
        embedding={"compute": True, "weights": "random"},
        write={"shard_size": 40, "organize_by_class": True},
        cluster={"workers": 1, "embedders": 1},
    )
    record = generate(settings, quiet=True)
    assert record.plan == {
        "workers": {"processes": 1, "cpus": 1, "gpus": 0, "most": None},
        "embedders": {"processes": 1, "cpus": 1, "gpus": 0, "most": None},
    }
    assert record.files == embedded[1].files


def test_the_same_command_on_a_finished_output_changes_nothing(embedded: Run, scenes: Path) -> None:
    output, record = embedded
    before = {path.name: path.stat().st_mtime_ns for path in output.iterdir()}
    settings = settings_for(
        scenes,
        output,
        embedding={"compute": True, "weights": "random"},
        write={"organize_by_class": True},
    )
    assert generate(settings, quiet=True).files == record.files
    assert {path.name: path.stat().st_mtime_ns for path in output.iterdir()} == before


def test_another_run_on_the_same_output_is_refused_and_told_apart(
    embedded: Run, scenes: Path
) -> None:
    settings = settings_for(
        scenes,
        embedded[0],
        seed=43,
        embedding={"compute": True, "weights": "random", "normalize": True},
        write={"organize_by_class": True},
    )
    with pytest.raises(OutputError) as error:
        generate(settings, quiet=True)
    assert str(error.value) == (
        f"output {embedded[0]} holds another run (embedding.normalize is false there and true "
        "here; the network's weights are others; seed is 42 there and 43 here): "
        "choose another output, or replace it with --overwrite"
    )


def test_a_refused_run_leaves_no_folder_that_was_not_there(scenes: Path, tmp_path: Path) -> None:
    """One that was there stays, empty as it was; so do those that something is in."""
    (tmp_path / "there").mkdir()
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/notes.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    for output in ("a/b/out", "there", "there/out", "shared/out"):
        settings = settings_for(scenes, tmp_path / output, cluster={"workers": 99})
        with pytest.raises(ResourcesError):
            generate(settings, quiet=True)
        assert sorted(tmp_path.rglob("*")) == before, output


def test_a_run_goes_on_where_it_stopped(scenes: Path, tmp_path: Path) -> None:
    """Of five shards one is missing, one was cut off, one was altered: three are made again."""
    settings = settings_for(scenes, tmp_path / "out", write={"shard_size": 16, "finalize": False})
    whole = generate(settings, quiet=True)
    assert (whole.status, whole.shards) == ("sharded", 5)
    parts = [shard_file(tmp_path / "out", i) for i in range(5)]
    originals = [part.read_bytes() for part in parts]
    parts[0].unlink()
    parts[1].write_bytes(originals[1][:1000])
    parts[3].write_bytes(originals[3].replace(b"PNG", b"png", 1))
    untouched = [parts[2].stat().st_mtime_ns, parts[4].stat().st_mtime_ns]

    finished = generate(
        replace(settings, write=replace(settings.write, finalize=True, keep_shards=True)),
        quiet=True,
    )

    assert [shard_file(tmp_path / "out", i).read_bytes() for i in range(5)] == originals
    assert [parts[2].stat().st_mtime_ns, parts[4].stat().st_mtime_ns] == untouched
    assert finished.status == "complete"
    assert finished.counts == whole.counts


def test_overwrite_replaces_another_run_and_leaves_strangers_files_alone(
    scenes: Path, tmp_path: Path
) -> None:
    (tmp_path / "sampled_images.zip").write_bytes(b"somebody's")
    (tmp_path / "diary.txt").write_text("mine")
    settings = settings_for(scenes, tmp_path, num_samples=5)
    with pytest.raises(OutputError, match=r"holds sampled_images.zip of another origin"):
        generate(settings, quiet=True)
    record = generate(replace(settings, write=replace(settings.write, overwrite=True)), quiet=True)
    assert record.counts["written"] == 5
    assert (tmp_path / "diary.txt").read_text() == "mine"
    assert len(ZipFile(tmp_path / "sampled_images.zip").namelist()) == 5


@pytest.mark.slow
def test_overwrite_goes_on_with_the_same_run_all_the_same(scenes: Path, tmp_path: Path) -> None:
    """A job that is tried again with the same flags must not begin at zero each time."""
    write = {"shard_size": 4, "finalize": False, "overwrite": True}
    settings = settings_for(scenes, tmp_path, num_samples=8, write=write)
    generate(settings, quiet=True)
    part = shard_file(tmp_path, 0)
    before = part.stat().st_mtime_ns
    assert generate(settings, quiet=True).status == "sharded"
    assert part.stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_finished_run_that_lost_files_is_made_again(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is missing, one has nothing but zeros; what is left stays until others take its place."""
    settings = settings_for(scenes, tmp_path, num_samples=4)
    first = generate(settings, quiet=True)
    (tmp_path / "target.parquet").unlink()
    images = tmp_path / "sampled_images.zip"
    images.write_bytes(bytes(images.stat().st_size))
    with monkeypatch.context() as patch:
        patch.setattr("raydrift.engine.jobs.job.run_pipeline", no_pipeline)
        with pytest.raises(PipelineError, match=r"^all workers died$"):
            generate(settings, quiet=True)
    assert images.exists()
    again = generate(settings, quiet=True)
    assert again.files == first.files
    assert (tmp_path / "target.parquet").stat().st_size == first.files["target.parquet"]["size"]
    assert ZipFile(images).testzip() is None


def no_pipeline(*_: object) -> NoReturn:
    raise PipelineError("all workers died")


def test_an_image_that_was_not_there_is_read_when_the_command_is_given_again(
    scenes: Path, tmp_path: Path
) -> None:
    shutil.copytree(scenes / "boat", tmp_path / "in/boat")
    lost, kept = tmp_path / "in/boat/boat_003.jpg", tmp_path / "kept.jpg"
    settings = settings_for(tmp_path / "in", tmp_path / "out", faults={"max_rejected": 0})
    catalog = load_catalog(settings.input)
    lost.rename(kept)
    with pytest.raises(RejectedError, match=r"^1 of 12 images cannot be used"):
        generate(settings, catalog=catalog, quiet=True)
    kept.rename(lost)
    assert generate(settings, catalog=catalog, quiet=True).counts["written"] == 12


@pytest.mark.slow
def test_a_manifest_of_other_photographs_has_them_made_again(scenes: Path, tmp_path: Path) -> None:
    """The rows are the same; the files that they mean are not."""
    for folder, first in (("a", 0), ("b", 5)):
        (tmp_path / folder).mkdir()
        for i in range(3):
            photograph = scenes / f"boat/boat_{first + i:03d}.jpg"
            shutil.copy(photograph, tmp_path / folder / f"{i}.jpg")
        rows = "".join(f"{i}.jpg,boat\n" for i in range(3))
        (tmp_path / folder / "list.csv").write_text("path,class\n" + rows)
    generate(settings_for(tmp_path / "a/list.csv", tmp_path / "out"), quiet=True)
    record = generate(settings_for(tmp_path / "b/list.csv", tmp_path / "out"), quiet=True)
    assert record.notes == [
        "3 images had another content than when the run read the input, in 1 of 1 shard: "
        "all, since they were not kept, were made again"
    ]


def test_shards_of_other_library_versions_are_not_mixed(scenes: Path, tmp_path: Path) -> None:
    settings = settings_for(scenes, tmp_path, num_samples=4, write={"finalize": False})
    generate(settings, quiet=True)
    record = json.loads((tmp_path / "run.json").read_text())
    record["versions"]["numpy"] = "1.0"
    (tmp_path / "run.json").write_text(json.dumps(record))
    with pytest.raises(OutputError, match=r"^shards were made with numpy 1\.0, this is 2\."):
        generate(settings, quiet=True)


def test_what_no_byte_depends_on_makes_no_other_run(scenes: Path, tmp_path: Path) -> None:
    """And a setting that the record lacks, since it came later, has its default there."""
    settings = settings_for(scenes, tmp_path, num_samples=4)
    first = generate(settings, quiet=True)
    record = json.loads((tmp_path / "run.json").read_text())
    del record["identity"]["image"]["max_bytes"], record["identity"]["profile"]["hue"]["turns"]
    (tmp_path / "run.json").write_text(json.dumps(record))
    labels = {name: label for label, name in enumerate(sorted(first.classes))}
    again = replace(
        settings,
        class_mapping=labels,
        embedding=replace(settings.embedding, batch_size=7),
        profile=DriftProfile(gaussian_blur={"sigma": 1.0}),
    )
    assert generate(again, quiet=True).status == "complete"
    assert json.loads((tmp_path / "run.json").read_text()) == record, "nothing was done"
    with pytest.raises(OutputError, match=r"profile\.hue\.turns is 0\.5 there and 0\.1 here"):
        generate(replace(settings, profile=DriftProfile(hue={"turns": 0.1})), quiet=True)


def pretend_made_on(output: Path, what: str, kind: str) -> None:
    """Has a run's record and ledger say that another kind of machine made its shards."""
    record = json.loads((output / "run.json").read_text())
    assert record["made_on"].keys() >= {what}
    record["made_on"][what] = kind
    (output / "run.json").write_text(json.dumps(record))
    column = {"pixels": "pixels_on", "embeddings": "embedded_on"}[what]
    for entry in output.glob("_shards/*.json"):
        entry.write_text(json.dumps(json.loads(entry.read_text()) | {column: kind}))


@pytest.mark.parametrize(
    ("what", "kind", "said"),
    [
        ("pixels", "x86_64 without AVX2", "the pixels of this run are made on x86_64 without AVX2"),
        ("embeddings", "cuda 9.0, torch 2.1, 0", "the embeddings of this run are made on cuda 9.0"),
    ],
)
def test_shards_of_another_kind_of_machine_are_not_mixed(
    scenes: Path, tmp_path: Path, what: str, kind: str, said: str
) -> None:
    how = {"embedding": {"compute": True, "weights": "random"}} if what == "embeddings" else {}
    unmerged = {"finalize": False, "shard_size": 2}
    settings = settings_for(scenes, tmp_path, num_samples=4, write=unmerged, **how)
    record = generate(settings, quiet=True)
    assert record.made_on["pixels"] == pixel_platform()
    pretend_made_on(tmp_path, what, kind)
    gone, kept = shard_file(tmp_path, 1, "json"), shard_file(tmp_path, 0)
    content = kept.read_bytes()
    gone.unlink()
    with pytest.raises(PipelineError) as caught:
        generate(settings, quiet=True)
    assert str(caught.value).startswith(said)
    assert str(caught.value).endswith("or begin again with --overwrite")
    assert kept.read_bytes() == content
    assert not list(tmp_path.glob("_shards/part-00000001-*.json"))


@pytest.mark.slow
def test_a_run_that_stopped_before_it_knew_a_shard_takes_the_first_ones_kind(
    scenes: Path, tmp_path: Path
) -> None:
    """Two machines may have committed shards before the driver heard of either."""
    settings = settings_for(
        scenes, tmp_path, num_samples=4, write={"finalize": False, "shard_size": 2}
    )
    generate(settings, quiet=True)
    record = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(record | {"made_on": {}}))
    entry = shard_file(tmp_path, 1, "json")
    entry.write_text(json.dumps(json.loads(entry.read_text()) | {"pixels_on": "other"}))
    assert generate(settings, quiet=True).made_on == {"pixels": pixel_platform()}
    again = shard_file(tmp_path, 1, "json")
    assert again != entry
    assert json.loads(again.read_text())["pixels_on"] == pixel_platform()


@pytest.mark.slow
def test_a_run_of_which_nothing_is_left_may_go_on_on_another_kind_of_machine(
    scenes: Path, tmp_path: Path
) -> None:
    settings = settings_for(scenes, tmp_path, num_samples=4)
    generate(settings, quiet=True)
    record = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(record | {"made_on": {"pixels": "other"}}))
    (tmp_path / "target.parquet").unlink()
    assert generate(settings, quiet=True).made_on == {"pixels": pixel_platform()}


def test_an_output_that_cannot_be_made_is_told_before_anything_starts(scenes: Path) -> None:
    with pytest.raises(OutputError, match=r"^output /proc/no/out cannot be made: "):
        generate(settings_for(scenes, Path("/proc/no/out")), quiet=True)


def test_credentials_in_a_uri_are_not_written_down(scenes: Path, tmp_path: Path) -> None:
    settings = settings_for(scenes, tmp_path, num_samples=4)
    told = shown(
        replace(
            settings,
            input="s3://key:secret@bucket/photos",
            calibration=CalibrationSettings("s3://key:secret@bucket/profile.toml", target=0.5),
        )
    )
    assert told["input"] == "s3://***@bucket/photos"
    assert "secret" not in json.dumps(told)


@pytest.fixture
def damaged(scenes: Path, tmp_path: Path) -> Path:
    """12 boats: one cut in half, one of zero bytes, one gone by the time it is read."""
    folder = tmp_path / "damaged"
    shutil.copytree(scenes / "boat", folder / "boat")
    half = (folder / "boat/boat_000.jpg").read_bytes()
    (folder / "boat/boat_000.jpg").write_bytes(half[: len(half) // 2])
    (folder / "boat/boat_001.jpg").write_bytes(b"")
    (folder / "boat/boat_002.jpg").unlink()
    (folder / "boat/boat_002.jpg").symlink_to("nowhere.jpg")
    return folder


def test_images_that_cannot_be_used_become_rows_and_too_many_of_them_an_error(
    damaged: Path, tmp_path: Path
) -> None:
    settings = settings_for(damaged, tmp_path / "out")
    with pytest.raises(RejectedError) as error:
        generate(settings, quiet=True)
    assert str(error.value).startswith(
        "3 of 12 images cannot be used, more than --max-rejected 0.1 (first: boat/boat_00"
    )
    assert not (tmp_path / "out/sampled_images.zip").exists()

    tolerant = replace(settings, faults=replace(settings.faults, max_rejected=0.25))
    record = generate(tolerant, quiet=True)

    assert record.counts["written"] == 9
    rejected = pq.read_table(tmp_path / "out/rejected.parquet")
    assert rejected.schema.equals(schemas.REJECTED)
    rows = {row["path"]: (row["stage"], row["error"]) for row in rejected.to_pylist()}
    assert rows["boat/boat_001.jpg"] == ("decode", "the file is empty")
    assert rows["boat/boat_002.jpg"] == ("read", "No such file or directory")
    assert rows["boat/boat_000.jpg"][0] == "decode"
    written = pq.read_table(tmp_path / "out/input_mapping.parquet")["sample_id"].to_pylist()
    assert sorted(written + rejected["sample_id"].to_pylist()) == list(range(12))


def test_on_error_fail_stops_at_the_first_image_that_cannot_be_used(
    damaged: Path, tmp_path: Path
) -> None:
    settings = settings_for(damaged, tmp_path / "out", faults={"on_error": "fail"})
    with pytest.raises(RejectedError, match=r"^boat/boat_00\d\.jpg: .*--on-error skip$"):
        generate(settings, quiet=True)


def test_weights_of_another_network_are_named_in_one_line(scenes: Path, tmp_path: Path) -> None:
    (tmp_path / "weights.pt").write_bytes(b"not a network")
    settings = settings_for(
        scenes,
        tmp_path / "out",
        num_samples=4,
        embedding={"compute": True, "weights": str(tmp_path / "weights.pt")},
    )
    with pytest.raises(WeightsError, match=r"weights.pt': not a ResNet18 state dict"):
        generate(settings, quiet=True)


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        (
            {"workers": 3},
            "the run needs 3 CPUs, Ray has 2 free: use --workers 2, or connect to a larger cluster",
        ),
        (
            {"workers": 2, "embedders": 1},
            "the run needs 3 CPUs, Ray has 2 free: use --workers 1, or connect to a larger cluster",
        ),
    ],
)
def test_too_few_cpus_are_an_error_before_anything_starts(
    scenes: Path, tmp_path: Path, cluster: dict[str, int], message: str
) -> None:
    settings = settings_for(
        scenes,
        tmp_path / "out",
        embedding={"compute": True, "weights": "random"},
        cluster=cluster,
    )
    with pytest.raises(ResourcesError) as error:
        generate(settings, quiet=True)
    assert str(error.value) == message
    assert not (tmp_path / "out").exists()


def test_more_samples_than_there_are_is_a_value_error(scenes: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^73 samples asked for, 72 remain$"):
        generate(settings_for(scenes, tmp_path, num_samples=73), quiet=True)
    with pytest.raises(ValueError, match=r"^3 samples asked for, 2 of 72 remain$"):
        generate(settings_for(scenes, tmp_path, start=70, num_samples=3), quiet=True)


def test_the_photographs_end_to_end(photos: Path, trained_weights: Path, tmp_path: Path) -> None:
    settings = settings_for(
        photos,
        tmp_path,
        transforms=["default:0.7"],
        num_samples=48,
        embedding={"compute": True, "weights": str(trained_weights)},
    )
    record = generate(settings, quiet=True)
    assert (record.counts["asked"], record.counts["written"]) == (48, 48)
    assert record.classes["primate"] == 5
    check_embeddings((tmp_path, record), seed=0, weights=trained_weights)


def test_an_unforeseen_failure_of_a_worker_is_one_line(scenes: Path, tmp_path: Path) -> None:
    """No check lets such a bound pass, so that a worker stumbles over it, on every try."""
    settings = settings_for(scenes, tmp_path / "out", num_samples=4)
    object.__setattr__(settings.image, "max_pixels", "many")
    with pytest.raises(PipelineError) as error:
        generate(settings, quiet=True)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith("a worker failed: ")
    assert str(error.value).endswith("with --verbose for Ray's log")
    del error
    gc.collect()  # Ray Data's part of the traceback holds the worker, and with it a CPU


def test_an_output_that_cannot_be_written_is_one_line(
    scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out"
    output.mkdir()
    spoil_on_save(monkeypatch, output)
    with pytest.raises(OutputError) as error:
        generate(settings_for(scenes, output, num_samples=4), quiet=True)
    assert str(error.value) == (
        f"output {output} cannot be written: Not a directory: "
        "what is finished is kept, the same command goes on"
    )


def spoil_on_save(monkeypatch: pytest.MonkeyPatch, output: Path) -> None:
    """Puts a file where the shards' folder was, as soon as the run has begun."""
    save: Callable[..., None] = JobRecord.save

    def save_and_spoil(record: JobRecord, place: Any) -> None:
        save(record, place)
        shutil.rmtree(output / "_shards")
        (output / "_shards").write_bytes(BytesIO().getvalue())

    monkeypatch.setattr(JobRecord, "save", save_and_spoil)
