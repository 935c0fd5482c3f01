"""The views of a run of views: each has a folder of its own, which is that of a run as any other.

A shard of the run is one shard in each of these folders, under the same name, and one in the run's
own, which is committed last: it has no images, and says that all the others are there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

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
