"""``raydrift finalize``: merge the shards of a run."""

from typing import Annotated

import typer


def finalize(
    output: Annotated[str, typer.Argument(help="Output folder of 'raydrift generate'.")],
    keep_shards: Annotated[
        bool, typer.Option("--keep-shards", help="Keep _shards/ after the merge.")
    ] = False,
) -> None:
    """Merge a run's shards into the zip and the tables. Needs no Ray."""
    import time

    from raydrift.cli.generate import tell
    from raydrift.place import Place
    from raydrift.storage.finalize import finalize as merge

    start = time.monotonic()
    place = Place.of(output)
    tell(merge(place, keep_shards=keep_shards), place, time.monotonic() - start)
