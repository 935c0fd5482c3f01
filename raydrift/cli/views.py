"""``raydrift views``: photographs as a camera's mosaics, developed in several ways."""

from typing import TYPE_CHECKING

from raydrift.cli.log import Log, start_log
from raydrift.cli.options import (
    Address,
    Compat,
    Config,
    Container,
    ContainerBytes,
    ImageSize,
    Input,
    KeepShards,
    Labels,
    Masks,
    MaxRejected,
    NoFinalize,
    NumSamples,
    OnError,
    OrganizeByClass,
    Output,
    Overwrite,
    Raw,
    Seed,
    ShardSize,
    Split,
    ValueRange,
    Verbose,
    Views,
    Workers,
)

if TYPE_CHECKING:
    from raydrift.settings.views import ViewsSettings
    from raydrift.storage.record import JobRecord


def views(
    input: Input = None,
    output: Output = None,
    views: Views = None,
    compat: Compat = None,
    split: Split = None,
    labels: Labels = None,
    seed: Seed = None,
    num_samples: NumSamples = None,
    container: Container = None,
    container_bytes: ContainerBytes = None,
    organize_by_class: OrganizeByClass = None,
    image_size: ImageSize = None,
    value_range: ValueRange = None,
    raw: Raw = None,
    masks: Masks = None,
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
    """Develop every image in several ways, as a camera would: a dataset a view, a table over all.

    The same command on the same output finishes what is missing.
    """
    from raydrift.cli.files import check_lasting, check_there
    from raydrift.cli.settings import image_flags, read_values, write_flags
    from raydrift.settings.toml import views_settings

    quiet = start_log(log, verbose)
    flags = {
        "input": input,
        "split": split,
        "catalog": {"labels": labels},
        "output": output,
        "views": views or None,
        "compat": compat,
        "seed": seed,
        "num_samples": num_samples,
        "image": image_flags(image_size, value_range),
        "write": write_flags(
            container,
            container_bytes,
            organize_by_class,
            shard_size=shard_size,
            keep_shards=keep_shards,
            no_finalize=no_finalize,
            overwrite=overwrite,
        ),
        "raw": {} if raw else None,
        "masks": masks,
        "faults": {"on_error": on_error, "max_rejected": max_rejected},
        "cluster": {"address": address, "workers": workers, "verbose": verbose},
    }
    settings = read_values(config, flags, views_settings)
    check_there(settings.run.input)
    check_lasting(settings.run.output)
    run_views(settings, quiet)


def run_views(settings: "ViewsSettings", quiet: bool = False) -> "JobRecord":
    """Makes the views and says what was written."""
    from functools import partial

    from raydrift.cli.generate import told_run
    from raydrift.engine.views import views as run

    return told_run(settings.run, partial(run, settings, quiet=quiet))
