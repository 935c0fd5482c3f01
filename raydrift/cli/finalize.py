"""``raydrift finalize``: merge the shards of a run."""

from typing import Annotated

import typer


def finalize(
    output: Annotated[str, typer.Argument(help="Output folder of 'raydrift generate'.")],
    keep_shards: Annotated[
        bool, typer.Option("--keep-shards", help="Keep _shards/ after the merge.")
    ] = False,
    config: Annotated[
        str | None, typer.Option(metavar="FILE.toml", help="Whose storage_options are used.")
    ] = None,
) -> None:
    """Merge a run's shards into the zip and the tables. Needs no Ray."""
    import time

    from raydrift.cli.console import console
    from raydrift.cli.generate import tell
    from raydrift.cli.settings import output_place
    from raydrift.storage.finalize import finalize as merge
    from raydrift.storage.lock import OutputLock
    from raydrift.storage.output import failing_as_output
    from raydrift.storage.record import require_record

    start = time.monotonic()
    place = output_place(output, config)
    require_record(place)  # before a lock is put into a folder that is not a run's
    with failing_as_output(place), OutputLock(place, tell=console(stderr=True).print) as lock:
        record = merge(place, keep_shards=keep_shards, check=lock.check)
    tell(record, place, time.monotonic() - start)
