"""What the actors do that make batches for a consumer: nothing is encoded, nothing is written."""

from typing import Any

import numpy as np
import pyarrow as pa

from raydrift.engine.data.committing import first_rejected
from raydrift.engine.data.drifter import Drifter
from raydrift.engine.data.failures import failure_row
from raydrift.engine.data.rows import as_row, table_of
from raydrift.engine.data.shard_work import ShardJob, put_drifted
from raydrift.engine.data.shipping import fetched
from raydrift.errors import RaydriftError, RejectedError


class BatchStage:
    """Drifts the images of a batch and passes it on, its pixels with it.

    The table has the samples that can be used, with ``drifted`` and ``level``. Beside it stands how
    many of the batch cannot be used (``rejected``), how many of those could not be read for a
    reason that may pass (``interrupted``), and the first of them.
    """

    def __init__(self, job: Any) -> None:
        self._job: ShardJob = fetched(job)
        self._drifter = Drifter(self._job)

    def __call__(self, row: pa.Table) -> pa.Table:
        try:
            return self._drifted(table_of(row))
        except RaydriftError as error:
            return failure_row(error)

    def _drifted(self, tasks: pa.Table) -> pa.Table:
        job, images = self._job, self._drifter.originals(tasks, "a batch")
        if images.taken.interrupted:
            images = self._drifter.originals(tasks, "a batch")  # as a run makes a shard once more
        taken = images.taken
        if taken.rejected and job.settings.faults.on_error == "fail":
            raise RejectedError(
                f"{first_rejected(taken.rejected)}: stopped at the first image that cannot be "
                'used; go on without such images with FaultSettings(on_error="skip")'
            )
        used = tasks.take(pa.array(taken.rows, pa.int64()))
        pixels = np.empty_like(images.pixels)
        drifts = put_drifted(job, used, images.samples, pixels)
        names = ["sample_id", "timestamp", "label", "class_name"]
        table = used.select(names)
        table = table.append_column("drifted", pa.array(drifts.levels > 0))
        table = table.append_column("level", pa.array(drifts.levels))
        row = as_row(table, pixels)
        for name, value in (
            ("rejected", len(taken.rejected)),
            ("interrupted", taken.interrupted),
            ("first", first_rejected(taken.rejected)),
        ):
            row = row.append_column(name, pa.array([value]))
        return row
