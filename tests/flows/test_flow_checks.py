"""What a flow is given that cannot be is told with a remedy, and is no broken image."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raydrift.flows import ImageDataGenerator, ParallelImageDataGenerator
from raydrift.flows.flow_checks import checked_batch_size, checked_size
from raydrift.flows.saving import save_img

X = np.zeros((4, 6, 8, 3))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two images, of two sizes."""
    (tmp_path / "a").mkdir()
    save_img(tmp_path / "a" / "0.png", np.zeros((4, 6, 3)))
    save_img(tmp_path / "a" / "1.png", np.zeros((6, 4, 3)))
    return tmp_path


@pytest.mark.parametrize("size", [(0, 8), (8, -1), (8.5, 8), (8,), 8, "88", (8, 8, 3), (None, 8)])
def test_a_size_that_cannot_be_is_told_when_the_flow_is_made(folder: Path, size: Any) -> None:
    with pytest.raises(ValueError, match=r"target_size is .*: give height and width, two whole"):
        ImageDataGenerator().flow_from_directory(folder, target_size=size)


@pytest.mark.parametrize("size", [(8.0, 6), [8, 6], np.array([8, 6]), np.array([8.0, 6.0])])
def test_whole_numbers_may_be_of_any_type(folder: Path, size: Any) -> None:
    assert checked_size(size) == (8, 6)
    flow = ImageDataGenerator().flow_from_directory(folder, target_size=size, class_mode=None)
    assert next(flow).shape == (2, 8, 6, 3)


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, "4", None, True, float("nan")])
def test_a_batch_size_that_cannot_be_is_told(folder: Path, batch_size: Any) -> None:
    for make in (
        lambda: ImageDataGenerator().flow(X, batch_size=batch_size),
        lambda: ImageDataGenerator().flow_from_directory(folder, batch_size=batch_size),
    ):
        with pytest.raises(
            ValueError, match=r"batch_size is .*: give a whole number of at least 1"
        ):
            make()


def test_a_batch_size_may_be_of_any_type(folder: Path) -> None:
    assert checked_batch_size(np.int32(2)) == 2
    assert next(ImageDataGenerator().flow(X, batch_size=2.0)).shape == (2, 6, 8, 3)  # type: ignore[arg-type]
    generator = ParallelImageDataGenerator()
    flow = generator.flow_from_directory(folder, (4, 4), batch_size=-1)
    assert flow.batch_size == 2
    for batch_size in (0, -2, 1.5, "4"):
        with pytest.raises(ValueError, match=r"batch_size is .*, or -1 for all images"):
            ParallelImageDataGenerator(batch_size=batch_size).flow_from_directory(folder)  # type: ignore[arg-type]


def test_a_folder_to_save_in_is_named_at_the_first_batch(folder: Path) -> None:
    generator = ImageDataGenerator()
    there = str(folder / "none")
    for flow in (
        generator.flow(X, save_to_dir=there),
        generator.flow_from_directory(folder, (4, 4), save_to_dir=there),
    ):
        with pytest.raises(FileNotFoundError, match=r"^save_to_dir .*none is not there: make it"):
            next(flow)


def test_several_sizes_in_a_batch_are_told(folder: Path) -> None:
    generator = ImageDataGenerator()
    flow = generator.flow_from_directory(folder, None, class_mode=None, shuffle=False)
    words = r"images of shapes \(4, 6, 3\) and \(6, 4, 3\) .*: give a target_size, or batch_size=1"
    with pytest.raises(ValueError, match=words):
        next(flow)
    flow = generator.flow_from_directory(folder, None, class_mode=None, batch_size=1)
    assert {next(flow).shape, next(flow).shape} == {(1, 4, 6, 3), (1, 6, 4, 3)}


def test_a_function_that_returns_another_shape_is_told() -> None:
    generator = ImageDataGenerator(preprocessing_function=lambda x: x[:2])
    with pytest.raises(ValueError, match=r"shape \(2, 8, 3\) .* \(6, 8, 3\): return"):
        next(generator.flow(X))
