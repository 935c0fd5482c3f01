"""What is known of kept pictures is read without keeping their pixels in memory."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa

from raydrift.engine.measuring_job import MeasuringJob
from raydrift.engine.training.pictures import KeptImages, read_facts
from raydrift.storage.training_pictures import facts_of


def test_pixels_do_not_stay_in_memory(keep: Callable[..., KeptImages]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (256, 64, 64, 3), np.uint8)
    kept = keep(pixels)
    job: Any = SimpleNamespace(_folder=kept.shards.folder)
    job.read = lambda row, of: MeasuringJob.read(job, row, of)

    before = pa.total_allocated_bytes()
    rows, tables, rejected, remarks = read_facts(job, list(kept.shards.rows))

    assert pa.total_allocated_bytes() - before < pixels.nbytes / 4  # what reads ahead has some
    assert facts_of(tables).equals(kept.facts)
    assert (rows, rejected, remarks) == (kept.shards.rows, (), ())
