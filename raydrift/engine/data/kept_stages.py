"""What is kept of test images: stages of cameras and predictions, as tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift import schemas
from raydrift.images.png_writer import encode_png

if TYPE_CHECKING:
    from raydrift.tasks.training.stages import Stage

_WHITE: Final = 255


def stages_table(
    training: str, split: int, samples: pa.Table, stages: "Sequence[Stage]"
) -> pa.Table:
    """A row a picture and stage (``schemas.STAGES``).

    Args:
        training: Its name.
        split: Its number.
        samples: Of the pictures, see ``ChosenPictures.samples``.
        stages: What each stage made of all of them.
    """
    rows: list[dict[str, Any]] = []
    for place, sample in enumerate(samples.to_pylist()):
        for stage in stages:
            values, gradient = stage.values[place], stage.gradient[place]
            shown = np.rint(np.clip(values, 0, 1) * _WHITE).astype(np.uint8)
            rows.append(
                {
                    "training": training,
                    "split": split,
                    "sample_id": sample["sample_id"],
                    "source_path": sample["source_path"],
                    "stage": stage.name,
                    "picture": encode_png(np.moveaxis(shown, 0, 2)),
                    "height": values.shape[1],
                    "width": values.shape[2],
                    "values": values.astype("<f4").tobytes(),
                    "gradient": gradient.astype("<f4").tobytes(),
                }
            )
    return pa.Table.from_pylist(rows, schema=schemas.STAGES)


def predictions_table(
    training: str,
    split: int,
    samples: pa.Table,
    logits: npt.NDArray[Any],
    labels: Sequence[int],
) -> pa.Table:
    """A row a picture (``schemas.PREDICTIONS``).

    Args:
        training: The name of the training.
        split: Its number.
        samples: Of the pictures, see ``ChosenPictures.samples``.
        logits: What the model answers, (n, classes).
        labels: Of the classes, in the order of the logits.
    """
    count = samples.num_rows
    columns = {
        "training": [training] * count,
        "split": [split] * count,
        **{name: samples[name] for name in samples.column_names},
        "predicted": np.array(labels)[logits.argmax(axis=1)].tolist(),
        "logits": logits.astype(np.float32).tolist(),
    }
    return pa.table(columns, schema=schemas.PREDICTIONS)


def packed(table: pa.Table) -> bytes:
    """A table as bytes, for a column of another one."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def unpacked(content: bytes) -> pa.Table:
    """The table of ``packed``."""
    return pa.ipc.open_stream(content).read_all()
