"""What a function of the user's does wrong is told, and ends no loop without a word."""

from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import numpy as np
import pytest

from raydrift.augment.batches import BatchTask
from raydrift.flows import ImageDataGenerator, NumpyArrayIterator, ParallelImageDataGenerator

X = np.zeros((4, 6, 8, 3))


def exhausted(_: Any) -> Any:
    return next(iter(()))


def exhausted_too(*_: Any) -> Any:
    return next(iter(()))


class Drawing(ImageDataGenerator):
    def get_random_transform(self, img_shape: Any, seed: Any = None) -> Any:  # noqa: ARG002
        return exhausted(img_shape)


class Making(NumpyArrayIterator):
    def _get_batches_of_transformed_samples(self, index_array: Any) -> Any:
        return exhausted(index_array)


FLOWS = {
    "preprocessing": ImageDataGenerator(preprocessing_function=exhausted).flow(X),
    "before": ParallelImageDataGenerator(noaug_preprocessing_function=exhausted_too).flow(X),
    "after": ParallelImageDataGenerator(preprocessing_function=exhausted_too).flow(X),
    "batch": ParallelImageDataGenerator(get_batch_function=lambda *_: exhausted(0)).flow(X),
    "generator": Drawing().flow(X),
    "iterator": Making(X, None, ImageDataGenerator()),
}


@pytest.mark.parametrize("name", FLOWS)
def test_the_end_of_an_iterator_of_theirs_is_not_that_of_the_loop(name: str) -> None:
    words = r"exhausted\w* \(line \d+ of .*test_user_functions.py\) raised StopIteration"
    for read in (lambda flow: list(flow), lambda flow: flow[0]):
        with pytest.raises(RuntimeError, match=words):
            read(FLOWS[name])


def test_nor_is_it_on_workers() -> None:
    maker = cloudpickle.loads(cloudpickle.dumps(FLOWS["preprocessing"]._maker()))
    with pytest.raises(RuntimeError, match="raised StopIteration"):
        maker.make(BatchTask(0, 0, 0, np.arange(2)))


@pytest.mark.parametrize(
    ("flow", "name"),
    [
        (ImageDataGenerator(preprocessing_function=lambda _: None), "preprocessing_function"),
        (
            ParallelImageDataGenerator(preprocessing_function=lambda _, __: None),
            "preprocessing_function",
        ),
        (
            ParallelImageDataGenerator(noaug_preprocessing_function=lambda _, __: None),
            "noaug_preprocessing_function",
        ),
    ],
)
def test_a_function_that_returns_nothing_is_told(flow: Any, name: str) -> None:
    with pytest.raises(TypeError, match=f"^{name} returned None: return the image$"):
        next(flow.flow(X))
