"""Batches of a flow on Ray: the same for any number of workers, and no more than wanted."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import ray

from raydrift import seeds
from raydrift.augment.batches import Batch, BatchTask, Rejected
from raydrift.engine.flow import FlowPlan, batches_on_ray
from raydrift.errors import ImageError, PipelineError
from raydrift.flows.order import Order

pytestmark = pytest.mark.usefixtures("ray_session")


@dataclass(frozen=True)
class Noise:
    """Makes pictures of noise, each by its sample and epoch; notes each batch in a folder."""

    folder: Path
    dtype: str = "float32"
    whole: bool = False

    def make(self, task: BatchTask) -> Batch:
        Path(self.folder, f"{task.number}-{os.getpid()}").touch()
        images = np.stack([self.image(int(one), task.epoch) for one in task.samples])
        drawn = tuple({"theta": float(one.mean())} for one in images)
        rejected = (Rejected(3, "broken.jpg", "is cut off"),) if 3 in task.samples else ()
        return Batch(task, (images, images[..., 0] > 99), task.samples, drawn, rejected)

    def image(self, sample: int, epoch: int) -> np.ndarray:
        image = seeds.generator(1, 2, sample, epoch).uniform(0, 255, (9, 7, 3))
        return (np.rint(image) if self.whole else image).astype(self.dtype)


def digest(batches: Iterator[Batch]) -> str:
    total = sha256()
    for batch in batches:
        for array in (*batch.arrays, batch.samples):
            total.update(repr((array.shape, array.dtype)).encode() + array.tobytes())
        total.update(repr((batch.drawn, batch.rejected)).encode())
    return total.hexdigest()


ORDER = Order(22, 4, seed=5)
THREE_EPOCHS = 3 * len(ORDER)


def workers_in(folder: Path) -> set[int]:
    """The processes that noted a batch in a folder."""
    return {int(one.name.partition("-")[2]) for one in folder.iterdir()}


def made_here(maker: Noise) -> Iterator[Batch]:
    return map(maker.make, ORDER.endless())


@pytest.mark.parametrize(("workers", "whole"), [(1, False), (2, True), (4, False)])
def test_three_epochs_have_the_same_bytes_for_any_number_of_workers(
    tmp_path: Path, workers: int, whole: bool
) -> None:
    maker = Noise(tmp_path, whole=whole)
    here = digest(islice(made_here(maker), THREE_EPOCHS))
    with closing(batches_on_ray(maker, ORDER.endless, FlowPlan(workers))) as batches:
        assert digest(islice(batches, THREE_EPOCHS)) == here


def test_a_killed_worker_comes_back_and_the_same_batches_with_it(tmp_path: Path) -> None:
    maker = Noise(tmp_path)
    here = digest(islice(made_here(maker), THREE_EPOCHS))
    with closing(batches_on_ray(maker, ORDER.endless, FlowPlan(2, ahead=1))) as batches:
        first = list(islice(batches, 2))
        for pid in workers_in(tmp_path) - {os.getpid()}:
            os.kill(pid, signal.SIGKILL)
        rest = list(islice(batches, THREE_EPOCHS - 2))
    assert digest(iter([*first, *rest])) == here


def test_no_more_is_made_than_a_slow_consumer_will_take(tmp_path: Path) -> None:
    with closing(batches_on_ray(Noise(tmp_path), ORDER.endless, FlowPlan(1, ahead=2))) as batches:
        next(batches)
        time.sleep(1.5)
        assert len(list(tmp_path.iterdir())) <= 1 + 2 + 2


def test_batches_take_no_more_than_a_share_of_the_store(tmp_path: Path) -> None:
    huge = int(0.3 * ray.cluster_resources()["object_store_memory"])
    plan = FlowPlan(2, ahead=50, batch_bytes=huge)
    with closing(batches_on_ray(Noise(tmp_path), ORDER.endless, plan)) as batches:
        next(batches)
        time.sleep(1)
        assert len(list(tmp_path.iterdir())) <= 2


def test_a_flow_that_is_left_early_ends(tmp_path: Path) -> None:
    """Its workers go, and the CPUs are free again."""
    batches = batches_on_ray(Noise(tmp_path), ORDER.endless, FlowPlan(2))
    for batch in batches:
        pids = workers_in(tmp_path)
        assert len(batch.samples) == 4
        break
    del batches  # as the garbage collector finds it
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_two_flows_share_the_cpus(tmp_path: Path) -> None:
    """A training and a validation flow are open at once; a third one is made by this process."""
    maker = Noise(tmp_path)
    flows = [batches_on_ray(maker, ORDER.endless, FlowPlan(2)) for _ in range(3)]
    assert len({digest(islice(flow, 4)) for flow in flows}) == 1
    assert any(one.name.endswith(f"-{os.getpid()}") for one in tmp_path.iterdir())
    for flow in flows:
        flow.close()


class Failing(Noise):
    def make(self, task: BatchTask) -> Batch:
        if task.number == 1:
            raise ImageError("decode", "the file is empty")
        return super().make(task)


class Unsendable(Noise):
    def make(self, task: BatchTask) -> Batch:
        error = KeyError(task.number)
        error.held = threading.Lock()  # type: ignore[attr-defined]
        raise error


@pytest.mark.parametrize(
    ("maker", "error", "words"),
    [
        (Failing, ImageError, r"^decode: the file is empty$"),
        (Unsendable, PipelineError, r"^a batch could not be made: KeyError: 0$"),
    ],
)
def test_what_a_maker_raises_is_raised_as_it_is(
    tmp_path: Path, maker: type[Noise], error: type[Exception], words: str
) -> None:
    with (
        closing(batches_on_ray(maker(tmp_path), ORDER.endless, FlowPlan(1))) as batches,
        pytest.raises(error, match=words),
    ):
        list(islice(batches, 3))


def test_batches_of_one_epoch_end_with_it(tmp_path: Path) -> None:
    maker = Noise(tmp_path, dtype="uint8", whole=True)
    with closing(batches_on_ray(maker, lambda: ORDER.epoch(1), FlowPlan(0.5))) as batches:
        assert digest(batches) == digest(map(maker.make, ORDER.epoch(1)))


LEFT_OPEN = """
import sys
from raydrift.flows import Augment, Flow, ImageDataGenerator

flow = Flow(sys.argv[1], augment=Augment(flip=True), size=16, batch_size=8, workers=1)
batches = flow.train.numpy(0)
next(batches)
keras = ImageDataGenerator(workers=1).flow_from_directory(sys.argv[1], (16, 16), batch_size=8)
next(keras)
sys.exit(3)
"""


def test_a_script_that_leaves_flows_open_ends_quietly(scenes: Path) -> None:
    """With its own status, and without starting Ray again."""
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    done = subprocess.run(
        [sys.executable, "-c", LEFT_OPEN, str(scenes)],
        capture_output=True, text=True, timeout=150, env=environment, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout == "Found 72 images belonging to 6 classes.\n"
    assert done.returncode == 3


def test_an_error_tells_where_on_the_worker_it_was_raised(tmp_path: Path) -> None:
    with (
        closing(batches_on_ray(Wrong(tmp_path), ORDER.endless, FlowPlan(1))) as batches,
        pytest.raises(IndexError) as raised,
    ):
        next(batches)
    assert "in wrong_index" in "".join(raised.value.__notes__)


class Wrong(Noise):
    def make(self, task: BatchTask) -> Batch:
        return wrong_index(task)


def wrong_index(task: BatchTask) -> Batch:
    return [][task.number]
