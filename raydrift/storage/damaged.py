"""What is raised about a file of a finished run."""


class DamagedError(Exception):
    """The file is not as it was written; the text goes on from its name."""
