"""The file of an export that lists its images, row by row."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from raydrift.catalog.json_lines import CLASSIFICATION
from raydrift.exports.layouts import MANIFEST, Layout
from raydrift.exports.run_rows import FinishedRun, RunRow
from raydrift.paths import StoragePath

_COLUMNS: Final = (
    "file_name", "label", "class", "sample_id", "timestamp", "drifted", "level", "source_path",
)  # fmt: skip
_MASK: Final = "mask_file_name"  # Hugging Face reads a file as an image where a column ends so
_AT_ONCE: Final = 2**16
_EVAL: Final = ("val", "dev", "eval", "holdout")
_TEST: Final = "test"


def write_listing(run: FinishedRun, of_run: Layout, folder: StoragePath) -> None:
    """Writes ``metadata.csv`` or ``output_0.manifest``.

    Args:
        run: The run.
        of_run: How its files are called.
        folder: The folder that they are in.
    """
    lines = _manifest if of_run.listing == MANIFEST else _metadata
    with (folder / of_run.listing).writing() as sink:
        for block in _blocks(lines(run, of_run, folder)):
            sink.write(block)


def _blocks(lines: Iterable[str]) -> Iterator[bytes]:
    block, size = list[str](), 0
    for line in lines:
        block.append(line)
        size += len(line)
        if size >= _AT_ONCE:
            yield "".join(block).encode()
            block, size = [], 0
    yield "".join(block).encode()


def _metadata(run: FinishedRun, of_run: Layout, _: StoragePath) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")

    def written(values: Iterable[Any]) -> str:
        line.seek(0)
        line.truncate()
        writer.writerow(values)
        return line.getvalue()

    yield written(_COLUMNS if of_run.mask is None else (*_COLUMNS, _MASK))
    for row in run.rows():
        values = [
            of_run.image(row), row.label, row.class_name, row.sample_id, row.timestamp,
            str(row.drifted).lower(), row.level, row.source_path,
        ]  # fmt: skip
        yield written(values if of_run.mask is None else [*values, of_run.mask(row)])


def _manifest(run: FinishedRun, of_run: Layout, folder: StoragePath) -> Iterator[str]:
    """JSON lines as ModelArts has them; see ``catalog.json_lines``."""
    usage = usage_of(run.record.settings.get("split"))
    start = folder.path if folder.is_local else str(folder).rstrip("/")
    for row in run.rows():
        told: dict[str, Any] = {"source": f"{start}/{of_run.image(row)}", "usage": usage}
        if run.has_classes:
            told["annotation"] = [_annotation(row)]
        yield json.dumps(told, ensure_ascii=False) + "\n"


def _annotation(row: RunRow) -> dict[str, Any]:
    return {"name": row.class_name, "type": CLASSIFICATION, "annotated-by": "raydrift"}


def usage_of(split: str | None) -> str:
    """What images of a split are used for, in ModelArts' words.

    >>> usage_of(None), usage_of("validation"), usage_of("test")
    ('TRAIN', 'EVAL', 'TEST')
    """
    name = (split or "").strip("/").rpartition("/")[2].lower()
    if name.startswith(_EVAL):
        return "EVAL"
    return "TEST" if name.startswith(_TEST) else "TRAIN"
