"""What is changed of a generator or a flow after its workers have begun."""

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raydrift.augment.batches import Batch, BatchMaker, BatchTask
from raydrift.engine import flow as engine_flow
from raydrift.flows import ImageDataGenerator, ParallelImageDataGenerator
from raydrift.flows.made_of import made_of

X = np.random.RandomState(0).uniform(0, 255, (10, 8, 8, 3))


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The epoch of each beginning of workers, which here are a copy of the maker."""
    epochs: list[int] = []

    def batches(maker: BatchMaker, tasks: Callable[[], Iterator[BatchTask]], _: Any) -> Any:
        copy: BatchMaker = pickle.loads(pickle.dumps(maker))

        def made() -> Iterator[Batch]:
            for task in tasks():
                if not given:
                    epochs.append(task.epoch)
                given.append(task)
                yield copy.make(task)

        given: list[BatchTask] = []
        return made()

    monkeypatch.setattr(engine_flow, "batches_on_ray", batches)
    return epochs


def flow_of(workers: int, kind: Any = ImageDataGenerator, **given: Any) -> Any:
    return kind(**given, workers=workers).flow(X, batch_size=4, seed=3)


def epoch_of(flow: Any) -> np.ndarray:
    return np.concatenate([next(flow) for _ in range(len(flow))])


CHANGES: dict[str, Callable[[Any], object]] = {
    "a range": lambda flow: setattr(flow.image_data_generator, "zoom_range", [0.5, 0.6]),
    "inside of a range": lambda flow: flow.image_data_generator.zoom_range.__setitem__(0, 0.5),
    "a flip": lambda flow: setattr(flow.image_data_generator, "horizontal_flip", True),
    "fit": lambda flow: flow.image_data_generator.fit(X),
    "a mean in place": lambda flow: np.add(
        flow.image_data_generator.mean, 9, out=flow.image_data_generator.mean
    ),
    "the batch size": lambda flow: setattr(flow, "batch_size", 5),
    "the order": lambda flow: setattr(flow, "shuffle", False),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_between_epochs_reaches_workers(
    begun: list[int], change: Callable[[Any], object]
) -> None:
    flows = [flow_of(n, zoom_range=0.2, featurewise_center=True) for n in (0, 1)]
    for flow in flows:
        flow.image_data_generator.mean = np.full((1, 1, 3), 100, np.float32)
    here, there = flows
    assert np.array_equal(epoch_of(here), epoch_of(there))
    assert np.array_equal(epoch_of(here), epoch_of(there))
    change(here)
    change(there)
    assert np.array_equal(epoch_of(here), epoch_of(there))
    assert np.array_equal(epoch_of(here), epoch_of(there))
    assert begun == [0, 2]


def test_a_change_in_an_epoch_reaches_workers_with_the_next(begun: list[int]) -> None:
    here, there = flow_of(0), flow_of(1)
    assert np.array_equal(next(here), next(there))
    there.image_data_generator.vertical_flip = True
    assert np.array_equal(next(here), next(there))
    assert np.array_equal(next(here), next(there))
    here.image_data_generator.vertical_flip = True
    assert np.array_equal(epoch_of(here), epoch_of(there))
    assert begun == [0, 1]


def double(_: Any, x: np.ndarray) -> np.ndarray:
    return 2 * x


@pytest.mark.parametrize("kind", [ImageDataGenerator, ParallelImageDataGenerator])
def test_without_a_change_workers_go_on(begun: list[int], kind: Any) -> None:
    given: dict[str, Any] = {"noaug_preprocessing_function": double}
    flow = flow_of(1, kind, **(given if kind is ParallelImageDataGenerator else {}))
    for _ in range(3):
        for place in range(len(flow)):
            flow[place]
        flow.on_epoch_end()
    assert begun == [0]


def test_what_a_flow_of_files_is_made_of_stays(scenes: Path) -> None:
    flow = ImageDataGenerator(preprocessing_function=np.negative).flow_from_directory(scenes)
    before = made_of(flow._maker())
    next(flow)
    assert made_of(flow._maker()) == before
    flow.target_size = (32, 32)
    assert made_of(flow._maker()) != before


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_change_reaches_workers_of_ray() -> None:
    here = flow_of(0, rotation_range=20)
    with flow_of(2, rotation_range=20) as there:
        assert np.array_equal(epoch_of(here), epoch_of(there))
        for flow in (here, there):
            flow.image_data_generator.rotation_range = 90
        assert np.array_equal(epoch_of(here), epoch_of(there))
