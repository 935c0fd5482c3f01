"""Models on a GPU: the CPU's answers, of each image alone, in every form."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from torchvision.models import resnet18

from raydrift.settings import TaskSettings
from raydrift.tasks.files import find_task
from raydrift.tasks.model import TaskModel
from tests.tasks.models import SmallNet, save_program, save_script, save_state, save_trace

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (75, 64, 64, 3), np.uint8)


@pytest.mark.parametrize("save", [save_program, save_script, save_trace])
@pytest.mark.parametrize("normalize", ["none", "imagenet"])
def test_answers_are_the_cpus_and_of_each_image_alone(
    pixels: np.ndarray, tmp_path: Path, save: Callable[..., Path], normalize: str
) -> None:
    settings = TaskSettings(str(save(SmallNet(), tmp_path / "m")), normalize)
    file = find_task(settings)
    asked, wanted = TaskModel(file, settings, "cuda"), TaskModel(file, settings, "cpu")(pixels)
    found = asked(pixels)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(asked(pixels[::-1])[::-1], found)
    np.testing.assert_array_equal(asked(pixels[41:42]), found[41:42])


def test_a_state_dict_is_asked(pixels: np.ndarray, tmp_path: Path) -> None:
    path = save_state(resnet18(num_classes=7), tmp_path / "w.pth")
    settings = TaskSettings(f"resnet18:{path}")
    file = find_task(settings)
    found, wanted = (TaskModel(file, settings, device)(pixels) for device in ("cuda", "cpu"))
    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)
