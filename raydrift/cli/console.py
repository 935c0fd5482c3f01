"""Where the commands print to."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from raydrift.console import Console

if TYPE_CHECKING:
    from raydrift.storage.shards import Rejected


def console(stderr: bool = False) -> Console:
    """Standard output or error; text is printed as it is, paths whole and on one line."""
    return Console(stderr=stderr, soft_wrap=True, highlight=False, markup=False, emoji=False)


def print_lacking(
    out: Console, left_out: "Sequence[Rejected]", unmeasured: Mapping[str, str]
) -> None:
    """Prints what a measurement lacks: the first image that could not be used, and metrics.

    Args:
        out: Where to.
        left_out: The images that could not be used.
        unmeasured: Metrics that some batch is too small for, and why.
    """
    if left_out:
        first = left_out[0]
        out.print(f"  rejected first: {first.path!r} at {first.stage}: {first.error}")
    for metric, why in unmeasured.items():
        out.print(f"  {metric} is missing in some batches: {why}")
