"""Where the commands print to."""

from raydrift.console import Console


def console(stderr: bool = False) -> Console:
    """Standard output or error; text is printed as it is, paths whole and on one line."""
    return Console(stderr=stderr, soft_wrap=True, highlight=False, markup=False, emoji=False)
