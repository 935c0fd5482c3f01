"""Which batch comes next: epochs, random access, threads, pickles, Keras, and Ray."""

import pickle
import subprocess
import sys
import types
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raydrift.flows import DirectoryIterator, ImageDataGenerator, Iterator, NumpyArrayIterator
from tests.flows.keras_numbers import LIBRARIES, keras_numbers

X = np.random.RandomState(0).uniform(0, 255, (10, 6, 8, 3))


def flow_of(n: int = 10, batch_size: int = 4, seed: Any = 7, **given: Any) -> NumpyArrayIterator:
    generator = ImageDataGenerator(rotation_range=45, **given)
    return generator.flow(X[:n], np.arange(n), batch_size, seed=seed)


def joined(batches: Iterable[list[Any]]) -> list[Any]:
    return list(chain.from_iterable(batches))


def labels(flow: Any, batches: int) -> list[list[int]]:
    return [y.tolist() for _, y in islice(flow, batches)]


def test_a_loop_has_no_end_and_each_epoch_has_each_sample_once() -> None:
    flow = flow_of()
    assert len(flow) == 3
    epochs = [joined(labels(flow, 3)) for _ in range(4)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 4
    assert (flow.epoch, flow.batch_index, flow.total_batches_seen) == (3, 0, 12)


def test_the_last_batch_is_smaller() -> None:
    assert [len(batch) for batch in labels(flow_of(), 4)] == [4, 4, 2, 4]


def test_a_batch_by_its_place_is_always_the_same_and_moves_nothing() -> None:
    flow, other = flow_of(), flow_of()
    wanted = [other[i] for i in (2, 0, 1)]
    for (x, y), batch in zip((wanted[1], wanted[2], wanted[0]), islice(flow, 3), strict=True):
        assert np.array_equal(x, batch[0])
        assert np.array_equal(y, batch[1])
    assert other.batch_index == 0
    assert np.array_equal(other[-1][0], wanted[0][0])
    assert np.array_equal(flow[1][0], wanted[2][0])


@pytest.mark.parametrize("place", [3, 14, -4])
def test_a_batch_that_the_epoch_does_not_have_is_refused(place: int) -> None:
    words = f"Asked to retrieve element {place}, but the Sequence has length 3"
    with pytest.raises(ValueError, match=words):
        flow_of()[place]


def test_the_end_of_an_epoch_moves_on_if_it_was_read() -> None:
    flow = flow_of()
    flow.on_epoch_end()
    assert flow.epoch == 0
    first = flow[0]
    flow.on_epoch_end()
    assert flow.epoch == 1
    assert flow[0][1].tolist() != first[1].tolist()
    flow.set_epoch(0)
    assert np.array_equal(flow[0][0], first[0])


def test_the_look_of_keras_at_one_batch_moves_nothing() -> None:
    flow = flow_of()
    flow.on_epoch_begin()
    looked = flow[0]
    flow.on_epoch_end()
    for epoch in range(2):
        flow.on_epoch_begin()
        read = [flow[i] for i in range(3)]
        assert flow.epoch == epoch
        flow.on_epoch_end()
        if not epoch:
            assert np.array_equal(read[0][0], looked[0])


def test_keras_trains_each_epoch_of_one_batch() -> None:
    flow = flow_of(batch_size=10)
    trained = []
    for _ in range(4):  # the first one is the look
        flow.on_epoch_begin()
        trained.append((flow.epoch, flow[0][1].tolist()))
        flow.on_epoch_end()
    assert [epoch for epoch, _ in trained] == [0, 0, 1, 2]
    assert trained[0] == trained[1]


def test_reading_by_place_and_by_next_are_the_same_epochs() -> None:
    flow, other = flow_of(), flow_of()
    by_next = labels(flow, 6)
    by_place = []
    for _ in range(2):
        by_place += [other[i][1].tolist() for i in range(3)]
        other.on_epoch_end()
    assert by_place == by_next
    assert labels(other, 3) == labels(flow, 3)


def test_reset_begins_another_epoch_as_in_keras() -> None:
    flow = flow_of()
    next(flow)
    flow.reset()
    assert sorted(joined(labels(flow, 3))) == list(range(10))
    assert flow.epoch == 1


def test_without_a_seed_each_flow_has_its_own() -> None:
    first, second = flow_of(seed=None), flow_of(seed=None)
    assert first.seed is None
    assert first.flow_seed != second.flow_seed
    again = flow_of(seed=first.flow_seed)
    assert labels(again, 3) == labels(first, 3)


@pytest.mark.parametrize("seed", [-1, 2**64, 1.5, "a"])
def test_a_seed_that_cannot_be_is_refused(seed: Any) -> None:
    with pytest.raises(ValueError, match="seed is"):
        flow_of(seed=seed)
    with pytest.raises(ValueError, match="2\\^32"):
        flow_of(seed=2**32, draws="keras")


def test_threads_share_an_epoch() -> None:
    flow = flow_of(batch_size=1)
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda _: int(next(flow)[1][0]), range(30)))
    assert set(Counter(read).values()) == {3}


def test_what_a_batch_is_made_of_is_told() -> None:
    flow = flow_of()
    _, y = next(flow)
    info = flow.info
    assert info is not None
    assert (info.number, info.epoch, info.place) == (0, 0, 0)
    assert info.sample_ids.tolist() == y.tolist()
    assert [sorted(one)[0] for one in info.parameters] == ["brightness"] * 4
    x = X[y[0]].astype("float32")
    again = flow.image_data_generator.apply_transform(x, info.parameters[0])
    assert np.array_equal(again, flow[0][0][0])


def test_a_pickle_goes_on_where_the_flow_is() -> None:
    flow = flow_of()
    labels(flow, 4)
    again = pickle.loads(pickle.dumps(flow))
    assert again.batch_index == 1
    assert labels(again, 5) == labels(flow, 5)


def test_an_empty_flow_has_no_batches_by_place_and_empty_ones_by_next() -> None:
    for batch_size in (0, 32):
        flow = Iterator(0, batch_size, False, 0)
        assert next(flow.index_generator).size == 0
    assert next(ImageDataGenerator().flow(X[:0])).shape == (0, 6, 8, 3)
    with pytest.raises(NotImplementedError, match="Iterator does not say"):
        next(Iterator(3, 2, False, 0))


@pytest.mark.parametrize("library", LIBRARIES)
def test_orders_are_those_of_keras(library: str) -> None:
    arrays, _ = keras_numbers()
    generator = ImageDataGenerator(compat=library, draws="keras")
    given = (np.zeros((10, 4, 4, 1)), np.arange(10), 4)
    flow = generator.flow(*given, seed=7)
    assert joined(labels(flow, 9)) == arrays[f"flow_order/{library}/next"].tolist()
    flow = generator.flow(*given, seed=7)
    read: list[int] = []
    for _ in range(3):
        read += joined(flow[i][1].tolist() for i in range(3))
        flow.on_epoch_end()
    assert read == arrays[f"flow_order/{library}/index"].tolist()


@pytest.mark.parametrize("library", LIBRARIES)
def test_batches_are_those_of_keras(library: str) -> None:
    arrays, tell = keras_numbers()
    generator = ImageDataGenerator(compat=library, draws="keras", **tell["draw"]["everything"])
    flow = generator.flow(arrays["images"], [0, 1, 2], 2, seed=11)
    batches = list(islice(flow, 4))
    x = np.concatenate([x for x, _ in batches])
    assert (
        np.concatenate([y for _, y in batches]).tolist()
        == arrays[f"flow_images/{library}/y"].tolist()
    )
    assert np.abs(x - arrays[f"flow_images/{library}/x"]).max() <= 0.02


class OfTheUser(ImageDataGenerator):
    def get_random_transform(self, img_shape: Any, seed: Any = None) -> Any:
        drawn = super().get_random_transform(img_shape, seed)
        return {**drawn, "theta": 0, "flip_horizontal": True}

    def standardize(self, x: Any) -> Any:
        return super().standardize(x) + 1


def test_methods_of_the_users_own_generator_make_the_batches() -> None:
    flow = OfTheUser(rotation_range=20).flow(X, shuffle=False)
    assert np.array_equal(next(flow)[0], X[0].astype("float32")[:, ::-1] + 1)


class Mixed(NumpyArrayIterator):
    def _get_batches_of_transformed_samples(self, index_array: Any) -> Any:
        x, y = super()._get_batches_of_transformed_samples(index_array)
        return x, y, self.image_data_generator.get_random_transform((6, 8, 3))["theta"]


def test_the_users_own_iterator_makes_the_batches() -> None:
    generator = ImageDataGenerator(rotation_range=20, workers=2)
    flow = Mixed(X, np.arange(10), generator, 4, seed=1)
    x, y, theta = next(flow)
    plain = NumpyArrayIterator(X, np.arange(10), ImageDataGenerator(rotation_range=20), 4, seed=1)
    assert np.array_equal(x, next(plain)[0])
    assert theta == next(Mixed(X, np.arange(10), generator, 4, seed=1))[2] != 0
    assert y.tolist() == [0, 1, 2, 3]


class PyDataset:
    """As Keras 3 has it."""

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False) -> None:
        self.workers, self.use_multiprocessing = workers, use_multiprocessing


@pytest.fixture
def keras(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that looks like Keras 3, imported by the user."""
    there = types.ModuleType("keras")
    there.utils = types.SimpleNamespace(PyDataset=PyDataset)  # type: ignore[attr-defined]
    there.backend = types.SimpleNamespace(  # type: ignore[attr-defined]
        image_data_format=lambda: "channels_first", floatx=lambda: "float16"
    )
    monkeypatch.setitem(sys.modules, "keras", there)


@pytest.mark.usefixtures("keras")
def test_a_flow_is_what_the_imported_keras_takes() -> None:
    generator = ImageDataGenerator()
    assert (generator.data_format, generator.dtype) == ("channels_first", "float16")
    flow = NumpyArrayIterator(X, None, generator, 4, data_format="channels_last", workers=3)
    assert isinstance(flow, PyDataset)
    assert isinstance(flow, NumpyArrayIterator)
    assert (flow.workers, flow.use_multiprocessing) == (3, False)
    again = pickle.loads(pickle.dumps(flow))
    assert isinstance(again, PyDataset)
    assert again.workers == 3


def test_a_flow_that_is_older_than_the_import_can_be_made_one(
    request: pytest.FixtureRequest,
) -> None:
    flow = flow_of()
    request.getfixturevalue("keras")
    assert not isinstance(flow, PyDataset)
    assert isinstance(flow.for_keras(), PyDataset)
    assert flow.workers == 1  # type: ignore[attr-defined]


def test_keras_class_takes_three_arguments_and_no_others() -> None:
    assert NumpyArrayIterator(X, None, ImageDataGenerator(), workers=3).n == 10
    with pytest.raises(TypeError, match="no argument threads"):
        NumpyArrayIterator(X, None, ImageDataGenerator(), threads=3)


def of_files(folder: Path, workers: int) -> DirectoryIterator:
    generator = ImageDataGenerator(rotation_range=20, zoom_range=0.2, workers=workers)
    return generator.flow_from_directory(folder, (24, 32), batch_size=16, seed=3)


@pytest.mark.usefixtures("ray_session")
def test_workers_make_the_same_batches(scenes: Path) -> None:
    here = of_files(scenes, 0)
    with of_files(scenes, 2) as there:
        for _ in range(7):  # into the second epoch of five batches
            (x, y), (a, b) = next(here), next(there)
            assert np.array_equal(x, a)
            assert np.array_equal(y, b)
        a[:] = 0  # is the user's own
        assert np.array_equal(here[4][0], there[4][0])


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_workers_make_the_same_batches_whatever_is_asked_first(scenes: Path) -> None:
    here = of_files(scenes, 0)
    with of_files(scenes, 2) as there:
        for place in (0, 0, 1, 3, 2):
            assert np.array_equal(here[place][0], there[place][0])
        here.set_epoch(9)
        there.set_epoch(9)
        for place in (4, 0, 1):
            assert np.array_equal(here[place][0], there[place][0])
        assert np.array_equal(next(here)[0], next(there)[0])
        with pickle.loads(pickle.dumps(there)) as again:
            assert np.array_equal(next(again)[0], next(here)[0])


@pytest.mark.slow
def test_workers_outlive_the_thread_that_asked_for_the_first_batch(scenes: Path) -> None:
    """On Linux, Ray's processes end with the thread that started them."""
    code = (
        "import sys, time\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from raydrift.flows import ImageDataGenerator\n"
        "generator = ImageDataGenerator(workers=1)\n"
        "flow = generator.flow_from_directory(sys.argv[1], (24, 32), batch_size=16)\n"
        "with ThreadPoolExecutor(2) as pool:\n"
        "    list(pool.map(lambda _: next(flow), range(3)))\n"
        "time.sleep(2)\n"
        "print(len(next(flow)[0]))\n"
        "flow.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(scenes)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "16"
