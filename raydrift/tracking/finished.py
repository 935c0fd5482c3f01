"""Which command finished an output."""

import json
from typing import Final

from raydrift.errors import OutputError, reason
from raydrift.paths import StoragePath, redacted
from raydrift.storage.evaluated import (
    FORMAT,
    AdjustRecord,
    EvaluationRecord,
    ForensicsRecord,
    MatrixRecord,
    MeasuredRecord,
)

_KINDS: Final[tuple[type[MeasuredRecord], ...]] = (
    EvaluationRecord,
    MatrixRecord,
    ForensicsRecord,
    AdjustRecord,
)


def finished_kind(output: StoragePath) -> type[MeasuredRecord]:
    """The kind of the record of a finished output.

    Raises:
        OutputError: There is none, it is not finished, or it cannot be read.
    """
    try:
        names = output.names()
        kinds = [one for one in _KINDS if one.file in names]
        if not kinds:
            raise OutputError(
                f"output {output} has nothing to track: give one that evaluate, matrix, forensics "
                "or adjust wrote"
            )
        kind = kinds[0]
        content = json.loads((output / kind.file).read_bytes())
        if content["format"] != FORMAT:
            raise ValueError
        complete = content["status"] == "complete"
    except OSError as error:
        raise OutputError(f"output {output} cannot be read: {redacted(reason(error))}") from None
    except (ValueError, TypeError, KeyError):
        raise OutputError(
            f"{output / kind.file} is not of this version of raydrift: run the command again"
        ) from None
    if not complete:
        raise OutputError(
            f"output {output} is not finished: run the command that began it again, then track it"
        )
    return kind
