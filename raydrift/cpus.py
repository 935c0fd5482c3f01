"""How many CPUs there are to use."""

import os


def usable_cpus() -> int:
    """CPUs that this process may run on; a container seldom has all of its machine's."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1
