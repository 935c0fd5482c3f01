"""``raydrift finalize``: merge the shards of a run."""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from raydrift.cli.options import Address, Verbose

if TYPE_CHECKING:
    from raydrift.settings import ClusterSettings
    from raydrift.storage.spread import Spread


def finalize(
    output: Annotated[
        str | None, typer.Argument(help="Output folder of 'raydrift generate'.")
    ] = None,
    keep_shards: Annotated[
        bool | None, typer.Option("--keep-shards", help="Keep _shards/ after the merge.")
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(metavar="FILE.toml", help="Whose output and storage_options are used."),
    ] = None,
    address: Address = None,
    verbose: Verbose = None,
) -> None:
    """Merge a run's shards into the zip and the tables; with --address on all nodes together."""
    import time

    from raydrift.cli.console import console
    from raydrift.cli.files import check_lasting
    from raydrift.cli.generate import tell
    from raydrift.cli.settings import output_settings
    from raydrift.place import Place
    from raydrift.storage.finalize import finalize as merge
    from raydrift.storage.lock import OutputLock
    from raydrift.storage.output import failing_as_output
    from raydrift.storage.record import require_record

    start = time.monotonic()
    flags = {
        "output": output,
        "write": {"keep_shards": keep_shards},
        "cluster": {"address": address, "verbose": verbose},
    }
    settings = output_settings(config, flags)
    check_lasting(settings.output)
    place = Place.of(settings.output, settings.options_of("output"))
    complete = require_record(place).status == "complete"  # before a lock is put into the folder
    spread = _spread(settings.cluster)
    with failing_as_output(place), OutputLock(place, tell=console(stderr=True).print) as lock:
        record = merge(
            place, keep_shards=settings.write.keep_shards, check=lock.check, spread=spread
        )
    tell(record, place, None if complete else time.monotonic() - start)


def _spread(cluster: "ClusterSettings") -> "Spread":
    """Over the nodes of a cluster; Ray is not started for it."""
    from raydrift.storage.spread import in_threads

    if cluster.address is None and "RAY_ADDRESS" not in os.environ:
        return in_threads
    from raydrift.engine.merge import merge_spread
    from raydrift.engine.session import connect

    connect(cluster)
    return merge_spread()
