"""The answers of the user's model about a batch, as columns of its row of measures."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from raydrift.tasks.classification import Answers
from raydrift.tasks.segmentation import PixelAnswers

AnyAnswers = Answers | PixelAnswers
"""What a model says of images, or of their pixels."""

_OF_IMAGES: Final = {
    "predicted": pa.int64(),
    "nll": pa.float64(),
    "confidence": pa.float64(),
}
_OF_PIXELS: Final = {"both": pa.int64(), "either": pa.int64()}


def columns_of(answers: Sequence[AnyAnswers]) -> dict[str, pa.Array]:
    """The answers about a batch as columns of one row.

    Args:
        answers: For the originals, and then for each level; empty where no model is asked.
    """
    if not answers:
        return {}
    first = answers[0]
    if isinstance(first, PixelAnswers):
        columns = {"task_classes": pa.array([first.both.shape[1]])}
        kinds = _OF_PIXELS
    else:
        columns = {"task_labels": pa.array([first.labels], pa.list_(pa.int64()))}
        kinds = _OF_IMAGES
    for name, kind in kinds.items():
        values = np.concatenate([getattr(one, name).reshape(-1) for one in answers])
        columns[f"task_{name}"] = pa.array([values], pa.list_(kind))
    return columns | {"task_asked": pa.array([len(answers)])}


def answers_of(row: Mapping[str, Any]) -> tuple[AnyAnswers, ...]:
    """The answers of a row that ``columns_of`` is part of."""
    if "task_asked" not in row:
        return ()
    asked = row["task_asked"]
    if "task_classes" in row:
        shape = (asked, -1, row["task_classes"])
        both, either = (
            np.array(row[f"task_{name}"], np.int64).reshape(shape) for name in _OF_PIXELS
        )
        return tuple(PixelAnswers(*counts) for counts in zip(both, either, strict=True))
    labels = np.array(row["task_labels"], np.int64)
    columns = [
        np.array(row[f"task_{name}"], kind.to_pandas_dtype()).reshape(asked, -1)
        for name, kind in _OF_IMAGES.items()
    ]
    return tuple(Answers(labels, *values) for values in zip(*columns, strict=True))
