"""Raw files as they are and as a drifted sensor sees them, kept as mosaics."""

import json
import time
from dataclasses import replace

import numpy as np
import pyarrow as pa

from raydrift.drift.camera.raw_sensed import sensed_raw
from raydrift.engine.data.copies import Embedded, of_taken
from raydrift.engine.data.drifter import Drifter
from raydrift.engine.data.kept_drifts import MASKS_OF, DriftBatch, KeepDriftsJob, check_labels
from raydrift.engine.data.shard_work import ShardJob
from raydrift.images.decoded import Decoded
from raydrift.images.pixels import Array
from raydrift.report.adjustment import DRIFTED, ORIGINAL


class KeptSensed:
    """The mosaics of a batch, all of them in memory; see ``KeptDrifts``.

    Args:
        job: What workers are told; its input is raw files.
        kept: The schedule of the drift.
        drifter: Reads the files.
    """

    def __init__(self, job: ShardJob, kept: KeepDriftsJob, drifter: Drifter) -> None:
        (schedule,) = kept.schedules
        self._job, self._drifter = replace(job, schedule=schedule), drifter

    def __call__(self, tasks: pa.Table) -> Embedded:
        """Keeps what the sensors see."""
        started, settings = time.time(), self._job.settings
        raw, image = settings.raw, settings.image
        if raw is None:
            raise TypeError("the input is photographs")
        size = (image.height, image.width)
        seen = {name: np.empty((tasks.num_rows, *size), np.float32) for name in (ORIGINAL, DRIFTED)}
        masks: list[Array] = []
        cameras: dict[str, None] = {}
        chains = self._job.drifts(tasks).chains()
        of_samples = dict(zip(tasks["sample_id"].to_pylist(), chains, strict=True))

        def keep(place: int, sample_id: int, decoded: Decoded) -> None:
            given, drifted = sensed_raw(
                decoded,
                raw,
                of_samples[sample_id],
                size=size,
                seed=settings.seed,
                sample_id=sample_id,
                profile=settings.profile,
            )
            check_labels(decoded)
            seen[ORIGINAL][place], seen[DRIFTED][place] = given.mosaic, drifted.mosaic
            cameras[json.dumps(given.facts)] = None
            if decoded.mask is not None:
                masks.append(decoded.mask)

        taken = self._drifter.take(tasks, keep)
        right = {}
        if self._job.masks is not None:
            whole = np.stack(masks) if masks else np.empty((0, *size), np.uint8)
            right = dict.fromkeys(MASKS_OF.values(), whole.astype(np.uint8))
        batch = DriftBatch(
            **of_taken(tasks, taken, started),
            views=(),
            pictures={name: one[: len(taken.rows)] for name, one in seen.items()},
            masks=right,
            cameras=tuple(cameras),
        )
        return Embedded(batch, taken, taken.decode_seconds, 0.0)
