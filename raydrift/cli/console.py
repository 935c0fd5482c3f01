"""Where the commands print to."""

from rich.console import Console


def console() -> Console:
    """Standard output."""
    return Console()
