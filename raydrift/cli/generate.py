"""``raydrift generate``: a folder of images in, a drifted one out."""

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from raydrift.cli.drift_flags import (
    Curve,
    Duty,
    Kind,
    Period,
    Phase,
    Start,
    Until,
    Width,
    drift_flags,
)
from raydrift.cli.files import check_lasting, check_there
from raydrift.cli.log import Log, start_log
from raydrift.cli.options import (
    Address,
    Config,
    Container,
    ContainerBytes,
    ImageSize,
    Input,
    KeepShards,
    Labels,
    Level,
    Masks,
    MaxRejected,
    NoFinalize,
    Normalize,
    NumSamples,
    OnError,
    OrganizeByClass,
    Output,
    Overwrite,
    Precision,
    Profile,
    Raw,
    Seed,
    ShardSize,
    Split,
    Target,
    Transform,
    Twins,
    ValueRange,
    Verbose,
    Weights,
    Workers,
)
from raydrift.cli.settings import image_flags, read_settings, write_flags

if TYPE_CHECKING:
    from collections.abc import Callable

    from raydrift.paths import StoragePath
    from raydrift.settings.generate import GenerateSettings
    from raydrift.storage.record import JobRecord


def generate(
    input: Input = None,
    output: Output = None,
    transform: Transform = None,
    drift: Kind = None,
    start: Start = None,
    until: Until = None,
    width: Width = None,
    curve: Curve = None,
    period: Period = None,
    phase: Phase = None,
    duty: Duty = None,
    profile: Profile = None,
    target: Target = None,
    level: Level = None,
    split: Split = None,
    labels: Labels = None,
    seed: Seed = None,
    num_samples: NumSamples = None,
    container: Container = None,
    container_bytes: ContainerBytes = None,
    organize_by_class: OrganizeByClass = None,
    embeddings: Annotated[
        bool | None, typer.Option("--embeddings", help="Also write ResNet18 embeddings.")
    ] = None,
    weights: Weights = None,
    normalize: Normalize = None,
    precision: Precision = None,
    image_size: ImageSize = None,
    value_range: ValueRange = None,
    raw: Raw = None,
    masks: Masks = None,
    twins: Twins = None,
    shard_size: ShardSize = None,
    workers: Workers = None,
    on_error: OnError = None,
    max_rejected: MaxRejected = None,
    config: Config = None,
    address: Address = None,
    overwrite: Overwrite = None,
    keep_shards: KeepShards = None,
    no_finalize: NoFinalize = None,
    verbose: Verbose = None,
    log: Log = None,
) -> None:
    """Make a drifted image set: PNGs in a zip or in tar files, with mapping, target, embeddings.

    The same command on the same output finishes what is missing.
    """
    quiet = start_log(log, verbose)
    flags = {
        "input": input,
        "split": split,
        "catalog": {"labels": labels},
        "output": output,
        "seed": seed,
        "num_samples": num_samples,
        "calibration": {"profile": profile, "target": target, "level": level},
        "image": image_flags(image_size, value_range),
        "raw": {} if raw else None,
        "masks": masks,
        "twins": twins,
        "embedding": {
            "compute": embeddings,
            "weights": weights,
            "normalize": normalize,
            "precision": precision,
        },
        "write": write_flags(
            container,
            container_bytes,
            organize_by_class,
            shard_size=shard_size,
            keep_shards=keep_shards,
            no_finalize=no_finalize,
            overwrite=overwrite,
        ),
        "faults": {"on_error": on_error, "max_rejected": max_rejected},
        "cluster": {"address": address, "workers": workers, "verbose": verbose},
    }
    flags |= drift_flags(
        transform,
        drift,
        profile,
        start=start,
        until=until,
        width=width,
        curve=curve,
        period=period,
        phase=phase,
        duty=duty,
    )
    settings = read_settings(config, flags)
    check_there(settings.input)
    check_lasting(settings.output)
    run_generate(settings, quiet=quiet)


def run_generate(
    settings: "GenerateSettings", notes: tuple[str, ...] = (), quiet: bool = False
) -> "JobRecord":
    """Runs the generator and says what it wrote."""
    from raydrift.engine.generate import generate as run

    calibrated = settings.calibration.profile is not None
    if not (settings.transforms or settings.drift or settings.label_shift or calibrated):
        notes = (*notes, "no drift was asked for (-t, --drift or --profile): the images are clean")
    return told_run(settings, partial(run, settings, notes=notes, quiet=quiet))


def told_run(settings: "GenerateSettings", run: "Callable[[], JobRecord]") -> "JobRecord":
    """Carries out a run that writes images, and says what it wrote.

    Args:
        settings: Its settings.
        run: Carries it out.
    """
    import time

    from raydrift.errors import RaydriftError
    from raydrift.paths import StoragePath
    from raydrift.storage.record import load_record

    start = time.monotonic()
    output = StoragePath.of(settings.output, settings.options_of("output"))
    before = None
    with suppress(RaydriftError):  # whatever is wrong with it, the run says it
        before = load_record(output)
    record = run()
    if before is not None:
        before.listing = record.listing  # files that were merely touched are no news
    print_result(record, output, None if record == before else time.monotonic() - start)
    return record


def print_result(record: "JobRecord", output: "StoragePath", seconds: float | None) -> None:
    """Prints what a run has, and where; without seconds, that it was there already."""
    from raydrift.cli.console import console
    from raydrift.report.classes import written_classes
    from raydrift.report.input_summary import InputSummary
    from raydrift.storage import layout
    from raydrift.storage.remarks import Remark
    from raydrift.text import plural

    out = console()
    counts = record.counts
    rejected = f", {counts['rejected']:,} rejected" if counts["rejected"] else ""
    when = ", complete already: nothing was done" if seconds is None else f" in {seconds:.1f} s"
    in_views = f" in {plural(len(record.views), 'view')}" if record.views else ""
    out.print(f"{plural(counts['written'], 'image')}{in_views}{rejected}{when}")
    if counts.get("unread"):
        again = " with --overwrite" if record.status == "complete" else ""
        out.print(
            f"  {counts['unread']:,} of the rejected could not be read: where they can be by now, "
            f"the same generate command{again} makes the set with them"
        )
    remarks = [Remark(**remark) for remark in record.remarks]
    images = InputSummary(written_classes(output, record), record.ignored, record.notes, remarks)
    for line in images.lines:
        out.print(f"  {line}")
    if record.status != "complete":
        out.print(
            f"  shards in {output}/{layout.SHARDS}: merge them with raydrift finalize {output}"
        )
        return
    for code in record.views:
        out.print(f"  {output}/{layout.view_folder(code)}")
    for name in layout.in_short(record.files):
        if name != layout.REJECTED or counts["rejected"]:
            out.print(f"  {output}/{name}")
