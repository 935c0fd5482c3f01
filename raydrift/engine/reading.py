"""What a run wrote, as a Ray dataset."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import ray.data

from raydrift.images.samples import Samples

_ROWS = 64  # that a worker reads at a time


RayDataset = ray.data.Dataset
"""Ray's, by a name for those who do not import Ray."""


def as_ray(samples: Samples) -> RayDataset:
    """A row a sample: ``image`` and what is known of it; read where and when it is needed."""

    def read(batch: Mapping[str, npt.NDArray[np.int64]]) -> dict[str, Any]:
        places = batch["id"].tolist()
        facts = [samples.facts(place) for place in places]
        columns = {name: np.array([one[name] for one in facts]) for name in facts[0]}
        return {"image": np.stack([samples.image(place) for place in places])} | columns

    return ray.data.range(len(samples)).map_batches(read, batch_size=_ROWS)
