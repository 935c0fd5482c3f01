"""An input's or a result's classes and their counts, and what was passed over, in lines."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from raydrift.paths import StoragePath
from raydrift.report.text import shortened
from raydrift.storage import layout
from raydrift.storage.accepted import rows_there
from raydrift.storage.record import JobRecord
from raydrift.text import plural

_SHOWN: Final = 10
_LONGEST_NAME: Final = 40
_MOST_SAMPLES: Final = 2_000_000  # a table of more is not read for a line
_MOST_SHARDS: Final = 256


def classes_line(counts: Mapping[str, int]) -> str:
    """Classes with their counts; after the first ten, how many more there are.

    >>> classes_line({"cat": 60, "dog": 1})
    '2 classes, 61 images: cat 60, dog 1'
    """
    named = [f"{shortened(name, _LONGEST_NAME)} {counts[name]:,}" for name in counts]
    more = [f"… and {len(named) - _SHOWN:,} more"] if len(named) > _SHOWN else []
    head = f"{plural(len(named), 'class')}, {plural(sum(counts.values()), 'image')}"
    return f"{head}: {', '.join(named[:_SHOWN] + more)}"


def ignored_lines(ignored: Mapping[str, int]) -> list[str]:
    """What of an input was passed over: a line for each reason.

    >>> ignored_lines({"not an image by its name": 1200})
    ['passed over: 1,200 (not an image by its name)']
    """
    return [f"passed over: {count:,} ({reason})" for reason, count in ignored.items()]


def written_classes(output: StoragePath, record: JobRecord) -> dict[str, int] | None:
    """How many images of each class a run wrote, by its tables.

    Returns:
        The counts, also those of 0; None where reading them would take long, or they are not to be
        read.
    """
    merged = record.status == "complete"
    if record.samples > _MOST_SAMPLES or (not merged and record.shards > _MOST_SHARDS):
        return None
    folder = output / layout.SHARDS
    try:
        of_view = [layout.view_folder(code) for code in record.views[:1]]  # all have the same
        tables = [output.at("/".join([*of_view, layout.PROVENANCE]))]
        if not merged:
            tables = [folder / row.shard_name for row in rows_there(output, record)]
        found: Counter[str] = Counter()
        for column in (batch for place in tables for batch in _class_names(place)):
            for value in pc.value_counts(column).to_pylist():
                found[value["values"]] += value["counts"]
    except (OSError, pa.ArrowException):
        return None
    return {name: found[name] for name in record.classes}


def _class_names(place: StoragePath) -> Iterator[pa.Array]:
    with place.filesystem.open_input_file(place.path) as file:
        for batch in pq.ParquetFile(file).iter_batches(columns=["class_name"]):
            yield batch.column(0)
