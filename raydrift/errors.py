"""Everything that raydrift raises on purpose.

    RaydriftError
    ├── SettingsError (ValueError)   a parameter, key or level that cannot be
    ├── CatalogError (ValueError)    the input: not there, empty, a class without a label
    ├── OutputError                  the output: another run's, not finished, not ours, full
    │   ├── LockedError              another run is at work on it
    │   └── ShardError               shards are missing or altered
    ├── ResourcesError               Ray has too few CPUs or GPUs for the plan
    ├── WeightsError                 the network's weights: not found, not a ResNet18
    ├── TaskError                    the user's model: not found, of other classes or another size
    ├── RejectedError                more images could not be used than is allowed
    ├── TrackingError                a tracking server did not take what was found
    ├── PipelineError                a worker failed, or a shard did not arrive whole
    └── ImageError                   one image cannot be used: becomes a row of rejected.parquet

Each message is one line that names the thing and the remedy.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from raydrift.text import printable

_SHOWN: Final = 20


class RaydriftError(Exception):
    """The root of all errors that raydrift raises on purpose; its text can be shown as it is."""

    def __str__(self) -> str:
        return printable(super().__str__())


class SettingsError(RaydriftError, ValueError):
    """A parameter, key or level that cannot be."""


class CatalogError(RaydriftError, ValueError):
    """The input is not there, is empty, or has a class without a label."""


class OutputError(RaydriftError):
    """The output folder holds another run, is not finished, or is not ours."""


class LockedError(OutputError):
    """Another run is at work on the output folder."""


class ShardError(OutputError):
    """Shards are missing, or their bytes are not the ones that were committed."""


class ResourcesError(RaydriftError):
    """Ray has too few CPUs or GPUs for the plan."""


class WeightsError(RaydriftError):
    """The network's weights cannot be found or are not a ResNet18's."""


class TaskError(RaydriftError):
    """The user's model cannot be found or loaded, or its answers are not those of the task."""


class RejectedError(RaydriftError):
    """More images could not be used than is allowed."""


class TrackingError(RaydriftError):
    """A tracking server did not take what was found; the output itself is whole."""


class PipelineError(RaydriftError):
    """A worker failed for good, or a shard did not arrive whole."""


class ImageError(RaydriftError):
    """One image cannot be used; the run goes on and the image becomes a rejected row.

    Attributes:
        stage: Where it failed: ``read``, ``decode``, ``develop``, ``mask``, ``twin`` or
            ``replace``.
        reason: Why, in one line.
        passing: Whether it may be gone at another time, as a broken connection.
    """

    def __init__(self, stage: str, reason: str, passing: bool = False) -> None:
        super().__init__(stage, reason, passing)
        self.stage = stage
        self.reason = reason
        self.passing = passing

    def __str__(self) -> str:
        return f"{self.stage}: {self.reason}"


def reason(error: BaseException) -> str:
    """Why something failed, in one line: the system's words, or the error's with its name."""
    if isinstance(error, RaydriftError):
        return str(error)
    said = getattr(error, "strerror", None)
    detail = re.search(r"\[errno \d+\] (.+)$", str(said))  # Arrow's, after a sentence with the path
    if detail:
        return detail[1]
    return str(said) if said else " ".join(f"{type(error).__name__}: {error}".split())


def suggest(word: str, choices: Iterable[str]) -> str:
    """Says what to write instead of a word that is not among the choices.

    Returns:
        ``did you mean 'rotate'?`` where one is close, else all of them in a row, or the first 20.

    >>> suggest("rotat", ["rotate", "hue"])
    "did you mean 'rotate'?"
    >>> suggest("swirl", ["rotate", "hue"])
    'choose from: rotate, hue'
    """
    choices = list(choices)
    close = get_close_matches(word.lower(), choices, n=1, cutoff=0.7)
    if close:
        return f"did you mean {close[0]!r}?"
    more = f" and {len(choices) - _SHOWN} more" if len(choices) > _SHOWN else ""
    return f"choose from: {', '.join(choices[:_SHOWN])}{more}"
