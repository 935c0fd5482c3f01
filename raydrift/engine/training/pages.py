"""The files that show how a training went: its numbers, its curves, its page."""

import pyarrow as pa

from raydrift.engine.training.job import TrainingJob
from raydrift.storage import layout
from raydrift.storage.tables import parquet_bytes
from raydrift.storage.training_record import TrainingRecord


def training_files(
    job: TrainingJob, progress: pa.Table, record: TrainingRecord
) -> dict[str, bytes]:
    """The files by their names in the output folder.

    Args:
        job: The training.
        progress: What was found so far (``schemas.GAN_PROGRESS``).
        record: What the training is.
    """
    return {layout.PROGRESS: parquet_bytes(progress)}
