"""A long run, watched from outside: memory stays flat, nothing is lost.

Not part of the default run: ``pytest -m benchmark``.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from raydrift.bench.memory import descendants
from raydrift.images.scenes import SCENES, draw_scene
from raydrift.paths import StoragePath
from raydrift.storage.record import JobRecord, load_record

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(900)]

IMAGES = 100_000
DISTINCT = 300
DAMAGED = 7  # of the distinct files this one is cut off
REJECTED = len(range(DAMAGED, IMAGES, DISTINCT))
SHARD = 256
MIB = 2**20

# A drifted image is a PNG of 3 kB: a driver that held on to them would grow by 280 MB from 10 % to
# 100 %, each of two workers by half of that. Without that a worker's memory varies by up to 25 MB,
# 6 of them the shared memory that its tasks lie in.
GROWTH = 64 * MIB

# The merge holds a shard, a row group of each table, and up to 32 MiB of the zip's directory, next
# to a zip of 310 MB.
MERGE_GROWTH = 128 * MIB

MERGING = 2.0
STAGES = {"10 %": (0.05, 0.15), "50 %": (0.45, 0.55), "100 %": (0.9, 1.0), "merging": (2, 2)}


@dataclass(frozen=True)
class Reading:
    """How far a run was, and the resident bytes of its processes at that moment."""

    done: float
    resident: dict[str, int]


@dataclass(frozen=True)
class Soak:
    """A finished run and what was seen of it."""

    source: Path
    output: Path
    record: JobRecord
    readings: list[Reading]
    seconds: float

    @property
    def processes(self) -> list[str]:
        """The driver, the rest of Ray, and the workers."""
        return sorted({name for reading in self.readings for name in reading.resident})

    def most(self, process: str, stage: str) -> int:
        """The most memory that a process had in a stage of the run; 0 if it did not live then."""
        first, last = STAGES[stage]
        return max(
            reading.resident.get(process, 0)
            for reading in self.readings
            if first <= reading.done <= last
        )

    def table(self, name: str) -> pa.Table:
        """One of the run's tables."""
        return pq.read_table(self.output / f"{name}.parquet")

    def __str__(self) -> str:
        pipeline = self.record.timings["pipeline"]
        size = self.record.files["sampled_images.zip"]["size"]
        lines = [
            f"{IMAGES:,} images in {self.seconds:.0f} s ({IMAGES / self.seconds:,.0f} images/s), "
            f"{pipeline:.0f} s of it in the pipeline ({IMAGES / pipeline:,.0f} images/s), "
            f"zip of {size:,} bytes",
            "resident MiB " + "".join(f"{stage:>10}" for stage in STAGES),
        ]
        for process in self.processes:
            most = (self.most(process, stage) / MIB for stage in STAGES)
            lines.append(f"{process:13}" + "".join(f"{mib:10.1f}" for mib in most))
        return "\n".join(lines)


def write_images(folder: Path) -> None:
    """100,000 images of six classes: hard links to 150 JPEGs and 150 PNGs, one of them damaged."""
    distinct = []
    for i in range(DISTINCT):
        name = list(SCENES)[i % len(SCENES)]
        (folder / name).mkdir(parents=True, exist_ok=True)
        path = folder / name / f"{i:06d}.{'png' if i // len(SCENES) % 2 else 'jpg'}"
        Image.fromarray(draw_scene(name, 0, i, 48, 48)).save(path)
        distinct.append(path)
    whole = distinct[DAMAGED].read_bytes()
    distinct[DAMAGED].write_bytes(whole[: len(whole) // 2])
    for i in range(DISTINCT, IMAGES):
        path = distinct[i % DISTINCT]
        path.with_stem(f"{i:06d}").hardlink_to(path)


def progress(output: Path) -> float:
    """The share of the samples that are committed; ``MERGING`` from when the zip is begun."""
    with suppress(FileNotFoundError):
        names = os.listdir(output)
        if any("sampled_images.zip" in name for name in names):
            return MERGING
        ledgers = [name for name in os.listdir(output / "_shards") if name.endswith(".json")]
        return min(1.0, len(ledgers) * SHARD / IMAGES)
    return 0.0


def resident(driver: int) -> dict[str, int]:
    """The resident bytes of the driver, of each worker, and of all else that Ray started."""
    found = {"driver": resident_bytes(driver), "ray": 0}
    for process in descendants(driver):
        with suppress(OSError):  # it ended meanwhile
            title = Path(f"/proc/{process}/cmdline").read_text()
            if title.startswith("ray::MapWorker"):
                found[f"worker {process}"] = resident_bytes(process)
            else:
                found["ray"] += resident_bytes(process)
    return found


def resident_bytes(process: int) -> int:
    pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def soak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Soak]:
    """``raydrift generate`` on 100,000 images, with a Ray of its own, as a user calls it."""
    if not Path("/proc/self/task").is_dir():
        pytest.skip("memory is read from /proc, which only Linux has")
    folder = tmp_path_factory.mktemp("soak")
    source, output = folder / "images", folder / "out"
    write_images(source)
    drift = "-t rotate:0.3 -t hue:0.5 -t gaussian_noise:0.2 --image-size 32 --organize-by-class"
    spread = f"--workers 2 --shard-size {SHARD}"
    command = [sys.executable, "-m", "raydrift", "generate", source, output]
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    readings: list[Reading] = []
    start = time.monotonic()
    with subprocess.Popen(
        [*command, *drift.split(), *spread.split()],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while process.poll() is None:
            with suppress(OSError):  # it ended meanwhile
                readings.append(Reading(progress(output), resident(process.pid)))
            time.sleep(0.1)
        seconds = time.monotonic() - start
        assert process.stderr is not None
        said = process.stderr.read()
    assert process.returncode == 0, said
    record = load_record(StoragePath.of(output))
    assert record is not None
    yield Soak(source, output, record, readings, seconds)
    shutil.rmtree(folder)


def test_memory_is_flat_in_the_driver_and_in_every_worker(
    soak: Soak, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\n{soak}")
    workers = [name for name in soak.processes if name.startswith("worker")]
    assert len(workers) == 2, "none was lost on the way"
    for process in ("driver", *workers):
        assert soak.most(process, "100 %") <= soak.most(process, "10 %") + GROWTH
    assert soak.most("driver", "merging") <= soak.most("driver", "10 %") + MERGE_GROWTH


def test_every_image_is_written_or_rejected_once(soak: Soak) -> None:
    mapping, rejected = soak.table("input_mapping"), soak.table("rejected")
    assert (mapping.num_rows, rejected.num_rows) == (IMAGES - REJECTED, REJECTED)
    ids = mapping["sample_id"].to_pylist()
    assert sorted(ids + rejected["sample_id"].to_pylist()) == list(range(IMAGES))
    assert soak.table("target")["sample_id"].to_pylist() == ids
    assert soak.table("provenance")["sample_id"].to_pylist() == ids
    paths = soak.table("provenance")["source_path"].to_pylist() + rejected["path"].to_pylist()
    files = soak.source.glob("*/*")
    assert sorted(paths) == sorted(str(path.relative_to(soak.source)) for path in files)


def test_zipfile_and_unzip_find_every_member_of_more_than_65535(soak: Soak) -> None:
    path = soak.output / "sampled_images.zip"
    with ZipFile(path) as archive:
        assert len(archive.namelist()) == IMAGES - REJECTED
        assert archive.namelist() == soak.table("input_mapping")["file_name"].to_pylist()
        assert archive.testzip() is None
    assert unzip_accepts(path)


def unzip_accepts(path: Path) -> bool:
    if shutil.which("unzip") is None:
        pytest.skip("unzip is not installed (apt install unzip)")
    done = subprocess.run(["unzip", "-tq", path], capture_output=True, text=True, check=False)
    return done.returncode == 0 and not done.stderr
