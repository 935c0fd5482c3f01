"""Where the commands print to."""

from rich.console import Console


def console() -> Console:
    """Standard output; text is printed as it is, paths whole and on one line."""
    return Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
