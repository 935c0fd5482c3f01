"""Flows of images in a bucket."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raydrift.flows import ImageDataGenerator
from tests.s3.servers import Server


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
@pytest.mark.parametrize("workers", [0, 2])
def test_a_flow_of_a_bucket_is_that_of_a_folder(moto: Server, scenes: Path, workers: int) -> None:
    """Nothing but the options tells how the bucket is reached, here and in workers."""
    bucket = moto.new_bucket()
    moto.put_folder(scenes, bucket, "train/")
    options = {
        "endpoint_url": f"http://{moto.endpoint}",
        "key": moto.access_key,
        "secret": moto.secret_key,
        "region": moto.region,
    }
    given: dict[str, Any] = {"target_size": (24, 32), "batch_size": 16, "seed": 3}
    generator = ImageDataGenerator(rotation_range=20, workers=workers)
    here = ImageDataGenerator(rotation_range=20).flow_from_directory(scenes, **given)
    with generator.flow_from_directory(
        f"s3://{bucket}/train", **given, storage_options=options
    ) as there:
        for _ in range(7):
            (x, y), (a, b) = next(here), next(there)
            assert np.array_equal(x, a)
            assert np.array_equal(y, b)
    with generator.flow_from_directory(
        f"s3://{bucket}/train?endpoint_override={moto.endpoint}&scheme=http",
        **given,
        storage_options={name: options[name] for name in ("key", "secret", "region")},
    ) as by_query:
        assert len(next(by_query)[0]) == 16
