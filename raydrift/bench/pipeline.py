"""One run of the real pipeline, and what it took."""

import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

import pyarrow.compute as pc
from rich.table import Table

from raydrift.bench.inputs import load_repeated
from raydrift.bench.memory import Memory, Watch, seconds_since_start
from raydrift.bench.share import kernel_seconds
from raydrift.bench.steady import Span, steady_state
from raydrift.bench.tables import MIB, milliseconds, percent, rate, two_columns
from raydrift.engine.cluster_map import cluster_map
from raydrift.engine.generate import generate
from raydrift.engine.plan import EMBEDDERS, WORKERS
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.storage import layout
from raydrift.storage.finalize import finalize
from raydrift.storage.parallel_map import ParallelMap
from raydrift.storage.record import JobRecord
from raydrift.storage.shards import LedgerRow, read_ledger
from raydrift.storage.summary import stage_seconds
from raydrift.text import plural

_MB: Final = 1e6
_MERGE_ROUNDS: Final = 3
_PATHS_AT_ONCE: Final = 2_000  # a command line has room for 128 KiB at least


@dataclass(frozen=True)
class StartUp:
    """Seconds until a run was at work.

    Attributes:
        imports: From the start of this process to the start of the run.
        list: Listing the input.
        connect: Starting Ray, or finding it.
        first_worker: From the start of the run until a worker began the first shard.
        first_shard: From the start of the run until the first shard was committed.
    """

    imports: float
    list: float
    connect: float
    first_worker: float
    first_shard: float


@dataclass(frozen=True)
class Merge:
    """The merge of the shards.

    Attributes:
        seconds: It took in the run itself.
        megabytes_per_second: Megabytes of shards that are merged in a second; the median of three
            merges more, where they are timed in turn with ``cat``.
        cat_megabytes_per_second: What ``cat shards > file`` reaches on the same disk, median of
            three; None where the output is not on a disk of this machine.
        of_cat: The one as a fraction of the other.
    """

    seconds: float
    megabytes_per_second: float
    cat_megabytes_per_second: float | None
    of_cat: float | None


@dataclass(frozen=True)
class Sizes:
    """Bytes of all samples together.

    Attributes:
        input: The bytes of the images that were read.
        pngs: The bytes of the PNGs that were made of them.
        shards: The bytes of the shards.
        tables: The bytes of the merged tables.
    """

    input: int
    pngs: int
    shards: int
    tables: int


@dataclass(frozen=True)
class PipelineFigures:
    """What one run took.

    Attributes:
        images: Samples of the run.
        rejected: Images that could not be used.
        workers: Processes that decode, drift and encode.
        embedders: Processes that only embed.
        images_per_second: In the steady state; None where the run was too short for one.
        images_per_second_per_core: The same by the CPUs that the workers take.
        kernel_milliseconds: What decoding, drift and PNG take for an image on one core, on the
            mean; None on a cluster, where this machine's would say nothing, and with embeddings.
        of_kernels: The speed as a fraction of what the kernels alone would reach on those CPUs.
        busy: The fraction of the workers' time that went into shards, in the steady state; None
            where others embed: a shard's time is then that of two processes, and of its wait
            between them.
        seconds: The seconds of the whole run, merge and start-up included, imports not.
        seconds_per_sample: The seconds of the whole run for each sample.
        seconds_per_sample_started: After the first worker had begun.
        embedding_share: The fraction of the workers' time that went into the network.
        catalog_bytes: The bytes of the input's listing.
        sizes: The sizes of what was read and written.
        start_up: Until it was at work.
        merge: How the shards were merged.
        memory: The peak of the driver, of a worker, and of a worker that embeds; workers on other
            machines are not seen.
        driver_before_merge: The driver's peak until then.
    """

    images: int
    rejected: int
    workers: int
    embedders: int
    images_per_second: float | None
    images_per_second_per_core: float | None
    kernel_milliseconds: float | None
    of_kernels: float | None
    busy: float | None
    seconds: float
    seconds_per_sample: float
    seconds_per_sample_started: float
    embedding_share: float
    catalog_bytes: int
    sizes: Sizes
    start_up: StartUp
    merge: Merge
    memory: dict[str, Memory]
    driver_before_merge: Memory | None
    what: str = "raydrift"

    def table(self) -> Table:
        """The figures as people read them."""
        start, merge = self.start_up, self.merge
        workers = plural(self.workers, "worker")
        embedders = f", {self.embedders} embedders" if self.embedders else ""
        rows = [
            ("steady", rate(self.images_per_second)),
            ("steady, a core", rate(self.images_per_second_per_core)),
            ("of the kernels' speed", percent(self.of_kernels)),
            ("workers busy", percent(self.busy)),
            ("a sample of the whole", milliseconds(self.seconds_per_sample)),
            ("a sample, once started", milliseconds(self.seconds_per_sample_started)),
            ("imports", f"{start.imports:.2f} s"),
            ("listing", f"{start.list:.2f} s"),
            ("Ray", f"{start.connect:.2f} s"),
            ("until the first worker", f"{start.first_worker:.2f} s"),
            ("until the first shard", f"{start.first_shard:.2f} s"),
            ("merge", f"{merge.megabytes_per_second:,.0f} MB/s"),
        ]
        if merge.cat_megabytes_per_second is not None and merge.of_cat is not None:
            cat = f"{merge.cat_megabytes_per_second:,.0f} MB/s, merge at {merge.of_cat:.2f} of it"
            rows.append(("cat", cat))
        for role, memory in sorted(self.memory.items()):
            resident, private = memory.resident / MIB, memory.private / MIB
            rows.append((f"memory, {role}", f"{resident:.0f} MiB, {private:.0f} of it private"))
        title = f"{plural(self.images, 'image')}, {workers}{embedders}, {self.seconds:.1f} s"
        return two_columns(title, rows)


def measure_pipeline(
    settings: GenerateSettings, count: int, quiet: bool = False
) -> PipelineFigures:
    """Runs the generator over an input repeated to ``count`` samples.

    Args:
        settings: The run's settings; its output is a folder to be thrown away.
        count: How many samples.
        quiet: Show no progress.

    Raises:
        RaydriftError: The run failed.
    """
    imports = seconds_since_start()
    begin, clock = time.time(), time.perf_counter()
    settings = replace(settings, write=replace(settings.write, keep_shards=True))
    catalog = load_repeated(settings.input, count)
    listed = time.perf_counter() - clock
    embedding_workers = settings.embedding.compute
    with Watch(embedding_workers) as watch:
        record = generate(settings, catalog=catalog, quiet=quiet)
    seconds = time.perf_counter() - clock
    output = StoragePath.of(settings.output, settings.options_of("output"))
    rows = list(read_ledger(output, record.fingerprint).values())
    roles = record.plan
    processes = {name: role["processes"] for name, role in roles.items()}
    workers, embedders = processes[WORKERS], processes.get(EMBEDDERS, 0)
    spans = _spans(output, rows)
    steady = steady_state(spans, embedders or workers)
    cores = sum(role["processes"] * role["cpus"] for role in roles.values())
    rate = steady.images_per_second if steady else None
    alone = settings.cluster.address is None and not settings.embedding.compute
    kernels = kernel_seconds(settings, count, workers) if alone else None
    merged = record.timings["finalize"]
    first = min(span.started for span in spans) - begin
    return PipelineFigures(
        images=record.counts["asked"],
        rejected=record.counts["rejected"],
        workers=workers,
        embedders=embedders,
        images_per_second=rate,
        images_per_second_per_core=rate / cores if rate else None,
        kernel_milliseconds=1000 * kernels if kernels else None,
        of_kernels=kernels * rate / cores if kernels and rate else None,
        busy=steady.busy if steady and not embedders else None,
        seconds=seconds,
        seconds_per_sample=seconds / count,
        seconds_per_sample_started=(seconds - first) / count,
        embedding_share=_embedding_share(rows),
        catalog_bytes=catalog.table.nbytes,
        sizes=Sizes(
            input=int(pc.sum(catalog.table["size"]).as_py()),
            pngs=record.counts["image_bytes"],
            shards=sum(row.size for row in rows),
            tables=sum(
                int(facts["size"])
                for name, facts in record.files.items()
                if name.endswith(".parquet")
            ),
        ),
        start_up=StartUp(
            imports=imports,
            list=listed + record.timings["list"],
            connect=record.timings["connect"],
            first_worker=first,
            first_shard=min(span.ended for span in spans) - begin,
        ),
        merge=_merge(output, record, rows),
        memory=watch.peaks,
        driver_before_merge=watch.driver_peak(begin + seconds - merged),
    )


def _embedding_share(rows: list[LedgerRow]) -> float:
    """The share of the workers' time, the loading of the network included."""
    seconds = stage_seconds(rows)
    return seconds["embed"] / sum(seconds.values())


def _spans(output: StoragePath, rows: list[LedgerRow]) -> list[Span]:
    """When shards were begun and committed.

    A shard is committed when its ledger entry appears. A disk tells that exactly; object stores
    tell whole seconds, some nothing. There the seconds of a shard's stages are nearer. They leave
    out the ledger entry itself, and what may be long: the loading of the network before the first
    shard, and the wait for an embedder. So it is the later of the two, which is never too late by
    more than clocks differ, and too early by a second at most where the store tells seconds.
    """
    appeared = {
        info.base_name: (info.mtime_ns or 0) / 1e9 for info in (output / layout.SHARDS).files()
    }
    spans = []
    for row in rows:
        worked = row.read_seconds + row.drift_seconds + row.embed_seconds + row.write_seconds
        ended = max(row.started + worked, appeared[row.ledger_name])
        spans.append(Span(row.worker, row.asked, row.started, ended))
    return spans


def _merge(output: StoragePath, record: JobRecord, rows: list[LedgerRow]) -> Merge:
    """The run's own merge; on a disk of this machine more of them, in turn with ``cat``.

    In turn, because the memory that a file is written to is dearer the first time.
    """
    program = shutil.which("cat") if output.is_local else None
    merges, cats = [], []
    parallel_map = cluster_map()
    for _ in range(_MERGE_ROUNDS if program else 0):
        cats.append(_cat_seconds(str(program), output, rows))
        merges.append(_merge_seconds(output, record, parallel_map))
    own = record.timings["finalize"]
    seconds = median(merges) if merges else own
    size = sum(row.size for row in rows) / _MB
    return Merge(
        seconds=own,
        megabytes_per_second=size / seconds,
        cat_megabytes_per_second=size / median(cats) if cats else None,
        of_cat=median(cats) / seconds if cats else None,
    )


def _merge_seconds(output: StoragePath, record: JobRecord, parallel_map: ParallelMap) -> float:
    (output / layout.ZIP).delete()
    record.status = "sharded"
    record.save(output)
    start = time.perf_counter()
    finalize(output, keep_shards=True, parallel_map=parallel_map)
    return time.perf_counter() - start


def _cat_seconds(program: str, output: StoragePath, rows: list[LedgerRow]) -> float:
    names = [row.shard_name for row in rows]
    folder = (output / layout.SHARDS).path
    with tempfile.TemporaryFile(dir=output.path) as file:
        start = time.perf_counter()
        for first in range(0, len(names), _PATHS_AT_ONCE):
            command = [program, *names[first : first + _PATHS_AT_ONCE]]
            subprocess.run(command, cwd=folder, stdout=file, check=True)  # noqa: S603
        return time.perf_counter() - start
