"""The views of a run of views: each has a folder of its own, which is that of a run as any other.

A shard of the run is one shard in each of these folders, under the same name, and one in the run's
own, which is committed last: it has no images, and says that all the others are there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.record import JobRecord


@dataclass(frozen=True)
class OneView:
    """A view of a run.

    Attributes:
        code: As ``bi,s,ga``.
        folder: Where its pictures are.
        record: What its ``run.json`` says at the beginning. It depends on no other view: the same
            pictures are the same run, whatever else was made beside them.
    """

    code: str
    folder: StoragePath
    record: JobRecord


def check_one_folder(output: StoragePath, record: JobRecord, remedy: str, what: str = "") -> None:
    """Makes sure that a run has pictures in its own folder, and not in one for each view.

    Args:
        output: The run's folder.
        record: The run's record.
        remedy: What to do with one of these folders, as ``export``.
        what: What the run is for, with a space behind it; for the error.

    Raises:
        OutputError: It has views.
    """
    if record.views:
        first = output / layout.view_folder(record.views[0])
        raise OutputError(
            f"{what}{output} has a folder for each view: {remedy} one of them, as {first}"
        )


def views_of(output: StoragePath, record: JobRecord) -> list[OneView]:
    """The views of a run.

    Args:
        output: The run's folder.
        record: The run's record; that of a run without views has none.
    """
    return [
        OneView(code, output / layout.view_folder(code), _record_of(record, code))
        for code in record.views
    ]


def identity_of_view(identity: Mapping[str, Any], code: str) -> dict[str, Any]:
    """The identity of a view, from that of its run."""
    return {name: value for name, value in identity.items() if name != "views"} | {"view": code}


def _record_of(record: JobRecord, code: str) -> JobRecord:
    return replace(
        record,
        identity=identity_of_view(record.identity, code),
        settings=identity_of_view(record.settings, code),
        status="running",
        counts={},
        remarks=[],
        timings={},
        workers={},
        slowest_shards=[],
        accepted={},
        files={},
        listing="",
    )
