"""One run of the generator, from the input to the merged result."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, replace
from time import perf_counter
from typing import Any

import pyarrow as pa
from pyarrow import fs

from raydrift.catalog import Catalog, load_catalog
from raydrift.config import as_dict
from raydrift.embed.weights import find_weights
from raydrift.engine.pipeline import PipelineJob, run_pipeline
from raydrift.engine.plan import choose_shard_size, make_plan
from raydrift.engine.progress import RunProgress
from raydrift.engine.session import connect, free_resources
from raydrift.engine.shard_work import ShardJob
from raydrift.errors import OutputError, PipelineError, RejectedError, SettingsError, reason
from raydrift.place import Place, redacted
from raydrift.settings import GenerateSettings
from raydrift.storage import layout
from raydrift.storage.finalize import count, finalize, write_rejected
from raydrift.storage.record import (
    PIXEL_PACKAGES,
    RunRecord,
    differences,
    installed_versions,
    load_record,
    make_identity,
)
from raydrift.storage.shards import LedgerRow, intact, read_ledger


def generate(
    settings: GenerateSettings,
    *,
    catalog: Catalog | None = None,
    notes: Sequence[str] = (),
    quiet: bool = False,
) -> RunRecord:
    """Makes a drifted image set, or what is missing of one.

    Args:
        settings: Of the run.
        catalog: The input, if it is listed already.
        notes: Plain sentences for ``run.json``.
        quiet: Show no progress.

    Returns:
        What ``run.json`` says at the end.

    Raises:
        CatalogError: The input is not there or empty.
        SettingsError: More samples are asked for than the input has.
        OutputError: The output holds another run.
        WeightsError: The network's weights cannot be found.
        ResourcesError: Ray has too few CPUs or GPUs.
        RejectedError: Too many images could not be used; the shards are kept.
        PipelineError: A worker failed; what is finished is kept.
    """
    clock = _Clock()
    catalog = catalog or load_catalog(settings.input, settings.class_mapping)
    samples = count_samples(settings, len(catalog))
    weights = find_weights(settings.embedding.weights, settings.seed) if embeds(settings) else None
    digest = weights.digest if weights else None
    identity = make_identity(settings, samples, catalog.digest(), digest)
    identity["classes"] = dict(catalog.labels)
    output = Place.of(settings.output)
    found = open_output(output, identity, settings.write.overwrite)
    clock.lap("list")
    if found is not None and found.status == "complete":
        return found

    record = RunRecord(
        identity=identity,
        settings=shown(replace(settings, num_samples=samples)),
        shard_size=found.shard_size if found else shard_size(settings, samples),
        samples=samples,
        classes=dict(catalog.labels),
        ignored=dict(catalog.ignored),
        notes=list(dict.fromkeys([*(found.notes if found else ()), *notes])),
    )
    ledger = whole_shards(output, record) if found else {}
    missing = [shard for shard in range(record.shards) if shard not in ledger]
    clock.lap("check" if found else "connect")
    if missing:
        connect(settings.cluster)
        plan = make_plan(settings.cluster, free_resources(), embeds(settings), len(missing))
        clock.lap("connect")
        if found is None:
            clear_output(output)
        (output / layout.SHARDS).create()
        record.plan = asdict(plan)
        record.save(output)
        job = PipelineJob(
            ShardJob(settings, catalog.root, output, record.fingerprint),
            plan,
            weights,
            twins=False,
            verbose=settings.cluster.verbose,
        )
        tables = shard_tables(settings, catalog, samples, record.shard_size, missing)
        done = ledger.values()
        with RunProgress(
            samples,
            sum(row.asked for row in done),
            sum(row.rejected for row in done),
            quiet=quiet,
        ) as progress:
            _run(job, tables, ledger, progress)
        clock.lap("pipeline")
    return _close(settings, output, record, ledger, clock, quiet)


def embeds(settings: GenerateSettings) -> bool:
    """Whether images are embedded."""
    return settings.embedding.compute


def shard_size(settings: GenerateSettings, samples: int) -> int:
    """Samples a shard of a new run; fewer for a small one, so that every worker has some."""
    asked = settings.write.shard_size
    if asked is not None:
        return asked
    workers = settings.cluster.workers
    if workers is None:
        connect(settings.cluster)
        workers = free_resources().cpus
    return choose_shard_size(None, samples, workers, settings.image.bytes)


def shown(settings: GenerateSettings) -> dict[str, Any]:
    """The settings as ``run.json`` holds them: without credentials in their URIs."""
    plain = as_dict(settings)
    plain["input"], plain["output"] = redacted(settings.input), redacted(settings.output)
    plain["embedding"]["weights"] = redacted(settings.embedding.weights)
    return plain


def whole_shards(output: Place, record: RunRecord) -> dict[int, LedgerRow]:
    """The shards of a run that need not be made again.

    Made again are those that are missing, cut off or altered, and those with images that could not
    be read: they may be there by now.
    """
    rows = read_ledger(output, record.fingerprint)
    return intact(
        output,
        [
            row
            for shard, row in rows.items()
            if row.asked == record.asked_of(shard) and not row.unread
        ],
    )


def count_samples(settings: GenerateSettings, available: int) -> int:
    """How many samples the run has.

    Raises:
        SettingsError: (a ``ValueError``) More are asked for than remain.
    """
    remain = available - settings.start
    asked = remain if settings.num_samples is None else settings.num_samples
    if remain < 1:
        raise SettingsError(f"none of {available} samples remain: start again with reset()")
    if asked > remain:
        of = f" of {available}" if settings.start else ""
        raise SettingsError(f"{asked} samples asked for, {remain}{of} remain")
    return asked


def open_output(output: Place, identity: dict[str, object], overwrite: bool) -> RunRecord | None:
    """Looks at what is in an output folder.

    Returns:
        This very run, begun or finished; None where there is nothing of it.

    Raises:
        OutputError: Another run is there and may not be overwritten.
    """
    if output.info().type == fs.FileType.File:
        raise OutputError(f"output {output} is a file: give a folder")
    try:
        output.create()
    except OSError as error:
        raise OutputError(f"output {output} cannot be made: {reason(error)}") from None
    names = output.names()
    try:
        found = load_record(output)
    except OutputError:
        if not overwrite:
            raise
        found = None
    differs = differences(found.identity, identity) if found else []
    if found is not None and not differs:
        return _usable(found, names, overwrite)
    if overwrite:
        return None
    if differs:
        raise OutputError(
            f"output {output} holds another run ({'; '.join(differs)}): "
            "choose another output, or replace it with --overwrite"
        )
    held = [name for name in layout.RESULTS if name in names]
    if held:
        raise OutputError(
            f"output {output} holds {held[0]} of another origin: "
            "choose another output, or replace it with --overwrite"
        )
    return None


def _usable(found: RunRecord, names: dict[str, int], overwrite: bool) -> RunRecord | None:
    """This very run, unless a finished one has lost some of its files: then it begins again."""
    if found.status == "complete":
        whole = all(names.get(name) == facts["size"] for name, facts in found.files.items())
        return found if whole else None
    now = installed_versions()
    for name, version in found.versions.items():
        if name in PIXEL_PACKAGES and now.get(name) != version:
            if overwrite:
                return None
            raise OutputError(
                f"shards were made with {name} {version}, this is {now.get(name)}: finish them "
                "with the same versions, or begin again with --overwrite"
            )
    return found


def clear_output(output: Place) -> None:
    """Deletes what a run writes from an output folder, and nothing else."""
    for name in (*layout.RESULTS, layout.RUN, layout.SHARDS):
        (output / name).delete()


def shard_tables(
    settings: GenerateSettings, catalog: Catalog, samples: int, size: int, shards: list[int]
) -> list[pa.Table]:
    """The tasks of some shards, a table each (``schemas.TASK``)."""
    order = catalog.order(settings.seed, settings.shuffle)
    return [
        catalog.samples(
            order,
            settings.start + shard * size,
            min(size, samples - shard * size),
            shard=shard,
            first_timestamp=settings.first_timestamp,
            delta_timestamp=settings.delta_timestamp,
        )
        for shard in shards
    ]


def _run(
    job: PipelineJob,
    tables: list[pa.Table],
    ledger: dict[int, LedgerRow],
    progress: RunProgress,
) -> None:
    asked = {table["shard"][0].as_py(): table.num_rows for table in tables}
    with closing(run_pipeline(job, tables)) as rows:
        for values in rows:
            row = LedgerRow.from_dict(values)
            if row.asked != asked[row.shard]:
                raise PipelineError(
                    f"shard {row.shard} came with {row.asked} of its {asked[row.shard]} samples: "
                    "run the same command again"
                )
            if row.shard not in ledger:
                progress.add(row)
            ledger[row.shard] = row
            _check_first(job.shard_job.settings, row)
    lost = [shard for shard in asked if shard not in ledger]
    if lost:
        raise PipelineError(f"{len(lost)} shards never came back: run the same command again")


def _check_first(settings: GenerateSettings, row: LedgerRow) -> None:
    if row.rejected and settings.faults.on_error == "fail":
        raise RejectedError(
            f"{row.first_rejected}: stopped at the first image that cannot be used; "
            "go on without such images with --on-error skip"
        )


def _close(
    settings: GenerateSettings,
    output: Place,
    record: RunRecord,
    ledger: dict[int, LedgerRow],
    clock: "_Clock",
    quiet: bool,
) -> RunRecord:
    rows = [ledger[shard] for shard in range(record.shards)]
    for row in rows:
        _check_first(settings, row)
    other = load_record(output)
    if other and other.status == "complete" and other.fingerprint == record.fingerprint:
        return other  # another attempt at this run was faster
    record.counts = count(rows)
    record.status = "sharded"
    record.timings = clock.seconds | _totals(rows)
    record.save(output)
    rejected, asked = record.counts["rejected"], record.counts["asked"]
    if rejected > settings.faults.max_rejected * asked:
        write_rejected(output, rows)
        first = next(row.first_rejected for row in rows if row.rejected)
        raise RejectedError(
            f"{rejected} of {asked} images cannot be used, more than "
            f"--max-rejected {settings.faults.max_rejected:g} (first: {first}): see "
            f"{output / layout.REJECTED}; the rest is kept, a higher limit finishes it"
        )
    if settings.write.finalize:
        with RunProgress(asked, label="merging", quiet=quiet) as progress:
            keep = settings.write.keep_shards
            record = finalize(output, keep_shards=keep, on_shard=progress.add)
    return record


def _totals(rows: list[LedgerRow]) -> dict[str, float]:
    names = ("read_seconds", "drift_seconds", "embed_seconds", "write_seconds")
    plain = [asdict(row) for row in rows]
    return {f"all_workers_{name}": round(sum(row[name] for row in plain), 3) for name in names}


class _Clock:
    def __init__(self) -> None:
        self._last = perf_counter()
        self.seconds: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._last, 3)
        self._last = now
