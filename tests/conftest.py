"""What all tests share: image sets, weights, and the one Ray session of the whole run."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from raydrift.images.scenes import write_scenes

SHARED = Path(__file__).parents[2] / "shared" / "data"

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn image set: 6 classes of 12 JPEGs, 240 x 320."""
    folder = tmp_path_factory.mktemp("scenes")
    assert write_scenes(folder, per_class=12) == 72
    return folder


@pytest.fixture(scope="session")
def photos() -> Path:
    """328 real photographs in 7 classes."""
    folder = SHARED / "photos"
    if not folder.is_dir():
        pytest.skip(f"no photographs at {folder}")
    return folder


@pytest.fixture(scope="session")
def trained_weights() -> Path:
    """A ResNet18 state dict that knows ImageNet."""
    path = SHARED / "resnet18-approx.pt"
    if not path.is_file():
        pytest.skip(f"no trained weights at {path}")
    return path


@pytest.fixture(scope="session")
def ray_session() -> Iterator[None]:
    """Ray with 2 CPUs on this machine, for every test that needs it."""
    import raydrift.engine  # noqa: F401  (sets what has to be set before Ray is imported)

    import ray  # isort: skip

    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    yield
    ray.shutdown()
