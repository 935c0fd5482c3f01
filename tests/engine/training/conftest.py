"""What tests of trainings share: kept pictures without Ray, and a training that takes no time."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import torch
from torch import nn

from raydrift.engine.data.kept_images import ImageBatch, kept_table
from raydrift.engine.jobs.clock import Clock
from raydrift.engine.training.pictures import KeptImages
from raydrift.engine.training.train import TrainedModel, train
from raydrift.errors import SettingsError
from raydrift.gan.cyclegan.loading import load_size
from raydrift.gan.measures import Measure
from raydrift.gan.replicas import Replicas
from raydrift.gan.trainer import Pixels, Trainer
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.translate import CycleGanSettings, TranslateSettings, TranslateTraining
from raydrift.storage.lock import OutputLock
from raydrift.storage.shards import LedgerRow, write_samples
from raydrift.storage.training_pictures import FACTS, PictureShards

Keep = Callable[..., KeptImages]


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """Keeps pictures as the job that decodes images does, in shards of 8."""
    return keeping(tmp_path)


def keeping(place: Path) -> Keep:
    """What keeps pictures in a folder."""

    def kept(
        pixels: npt.NDArray[np.uint8], name: str = "images", classes: Sequence[str] = ("one",)
    ) -> KeptImages:
        folder = StoragePath.of(str(place / "kept" / name))
        (folder / "_shards").create()
        names = [classes[number % len(classes)] for number in range(len(pixels))]
        facts = pa.table(
            {
                "path": [f"{one}/{number:03d}.png" for number, one in enumerate(names)],
                "class_name": names,
                "width": [pixels.shape[2]] * len(pixels),
                "height": [pixels.shape[1]] * len(pixels),
                "grey": [False] * len(pixels),
                "deviation": [50.0] * len(pixels),
                "content_crc": list(range(len(pixels))),
            },
            schema=FACTS,
        )
        rows = []
        for shard, first in enumerate(range(0, len(pixels), 8)):
            part = pixels[first : first + 8]
            batch = ImageBatch(shard, (), (), (), (), (), pixels=part, facts=facts.slice(first, 8))
            table = kept_table(batch)
            size, crc = write_samples(folder, shard, "00000000", table.schema, [table])
            figures = {"unread": 0, "content_bytes": 0, "names_size": 0, "size": size, "crc32": crc}
            row = LedgerRow(shard, "", len(part), len(part), 0, attempt="00000000", **figures)
            rows.append(row)
        shards = PictureShards(folder, tuple(rows), pixels.shape[1:])
        return KeptImages(name, facts, (), (), (), shards)

    return kept


class ToyTrainer:
    """Learns one number, the mean of random ones; a ``Trainer``."""

    def __init__(self, steps: int, save_steps: int, replicas: Replicas, fails_at: int = 0) -> None:
        self.steps, self.save_steps, self._fails_at = steps, save_steps, fails_at
        self._replicas = replicas
        self._network = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self._network.weight)
        self._adam = torch.optim.Adam(self._network.parameters(), lr=0.1)
        self.steps_done, self._factor, self._last = 0, 1.0, 0.0

    @property
    def images_seen(self) -> int:
        return 4 * self.steps_done

    def step(self) -> None:
        drawn = torch.randn(4, 1, generator=torch.Generator().manual_seed(self.steps_done))
        loss = (self._network(torch.ones(4, 1)) - drawn[self._replicas.share(4)]).square().mean()
        self._adam.param_groups[0]["lr"] = 0.1 * self._factor
        self._adam.zero_grad()
        loss.backward()
        self._replicas.average_gradients(self._network.parameters())
        self._adam.step()
        self.steps_done += 1
        fails = self.steps_done == self._fails_at and self._factor > 0.2
        self._last = float("nan") if fails else loss.item()

    def losses(self) -> dict[str, float]:
        return {"loss": self._last}

    def state(self) -> dict[str, Any]:
        return {
            "description": self.description(),
            "network": self._network.state_dict(),
            "adam": self._adam.state_dict(),
            "step": self.steps_done,
            "factor": self._factor,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        if state["description"] != self.description():
            raise SettingsError("the earlier training is another one")
        self._network.load_state_dict(state["network"])
        self._adam.load_state_dict(state["adam"])
        self.steps_done, self._factor = state["step"], state["factor"]

    def start_from(self, generators: Mapping[str, nn.Module]) -> None:
        self._network.load_state_dict(generators["generator"].state_dict())

    def scale_rates(self, factor: float) -> None:
        self._factor *= factor

    def generators(self) -> dict[str, nn.Module]:
        return {"generator": self._network}

    def description(self) -> dict[str, Any]:
        return {"kind": "stylegan2"}  # for the page


class ToyWork:
    """A training that takes no time; a ``TrainingWork``."""

    winning_steps = 10
    sizes = "toy.width = 1"
    notes = ()

    def __init__(self, steps: int = 12, save_steps: int = 6, fails_at: int = 0) -> None:
        self.steps, self.save_steps, self.fails_at = steps, save_steps, fails_at
        self.diversity = 1.0
        self.won = False
        self.on_step: Callable[[int], None] = lambda _: None
        self.measured: list[int] = []

    def trainer(self, replicas: Replicas, _device: str) -> Trainer:
        work = self

        class Told(ToyTrainer):
            def step(self) -> None:
                super().step()
                work.on_step(self.steps_done)

        return Told(self.steps, self.save_steps, replicas, self.fails_at)

    def real_samples(self) -> Pixels:
        return np.zeros((8, 8, 3), np.uint8)

    def samples(self, trainer: Trainer) -> Pixels:
        return np.full((8, 8, 1), trainer.steps_done, np.uint8)

    def measures(self, trainer: Trainer) -> Sequence[Measure]:
        self.measured.append(trainer.steps_done)
        return [Measure("diversity_pixels", self.diversity, 0.5, 1.5)]

    def has_discriminator_won(self, _losses: Mapping[str, float]) -> bool:
        return self.won

    def failing(self, losses: Mapping[str, float]) -> list[str]:
        return [name for name, value in losses.items() if not np.isfinite(value)]


@pytest.fixture
def toy() -> type[ToyWork]:
    """A training that takes no time."""
    return ToyWork


class Watched:
    """Remembers what it is told; stops a training at a step."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.standings: list[Any] = []
        self.events: list[tuple[str, str]] = []
        self.stop_at, self.step = stop_at, 0

    def tell(self, standing: Any) -> None:
        self.standings.append(standing)

    def event(self, _level: int, kind: str, text: str, _facts: Mapping[str, Any]) -> None:
        self.events.append((kind, text))

    def is_stop_asked(self) -> bool:
        self.step += 1
        return self.stop_at is not None and self.step >= self.stop_at


@pytest.fixture
def watched() -> type[Watched]:
    """Remembers what it is told."""
    return Watched


IMAGE = ImageSettings(height=32, width=32)


def coarse_noise(count: int, size: tuple[int, int], seed: int) -> Pixels:
    """Images without any meaning, of soft colours."""
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 4, 4, 3), np.uint8)
    return np.stack([cv2.resize(one, size[::-1], interpolation=cv2.INTER_CUBIC) for one in coarse])


@pytest.fixture
def noise() -> Callable[[int, tuple[int, int], int], Pixels]:
    """Makes images without any meaning."""
    return coarse_noise


@pytest.fixture
def small_domains(keep: Keep) -> list[KeptImages]:
    """A source of 30 images and a target of 20, kept for images of 32 x 32."""
    return small_images(keep)


def small_images(keep: Keep) -> list[KeptImages]:
    """The same, by what keeps them."""
    counts = {"source": 30, "target": 20}
    return [
        keep(coarse_noise(count, load_size(IMAGE), count), name) for name, count in counts.items()
    ]


def small_cyclegan(**train: Any) -> TranslateSettings:
    """Settings of a CycleGAN that takes a few hundredths of a second a step."""
    run = GenerateSettings("in", "out", image=IMAGE)
    gan = CycleGanSettings(blocks=1, width=4, discriminator_width=4, discriminator_layers=2, pool=4)
    given = {"batch_size": 2, "epochs": 2, "save_every": 1, "log_every": 3} | train
    return TranslateSettings(run, to="other", cyclegan=gan, train=TranslateTraining(**given))


@pytest.fixture
def train_small() -> Callable[..., TrainedModel]:
    """Trains a small CycleGAN in a folder."""

    def trained(
        folder: Path, domains: Sequence[KeptImages], *, seed: int = 1, **train_settings: Any
    ) -> TrainedModel:
        return train_in(folder, small_cyclegan(**train_settings), domains, seed)

    return trained


def train_in(
    folder: Path, settings: Any, domains: Sequence[KeptImages], seed: int = 1
) -> TrainedModel:
    """Trains in a folder, with one thread."""
    place = StoragePath.of(str(folder))
    place.create()
    with OutputLock(place) as lock:
        return train(settings, domains, place, lock, Clock(), {"seed": seed}, quiet=True, threads=1)


@pytest.fixture(autouse=True)
def no_pages(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page and its plot take longer than these trainings; ``with_pages`` asks for them."""
    if "with_pages" not in request.fixturenames:
        monkeypatch.setattr("raydrift.engine.training.saving.training_pages", lambda *_: {})


@pytest.fixture
def with_pages() -> None:
    """The page is drawn."""
