"""Trainings of real networks, small ones, in this process."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from raydrift.engine.jobs.clock import Clock
from raydrift.engine.training.train import TrainedModel, finished_training, train
from raydrift.errors import OutputError
from raydrift.gan.cyclegan.loading import load_size
from raydrift.gan.model_file import read_model
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.synthesize import StyleGanSettings, SynthesizeSettings, SynthesizeTraining
from raydrift.settings.translate import CycleGanSettings, TranslateSettings, TranslateTraining
from raydrift.storage.lock import OutputLock

IMAGE = ImageSettings(height=32, width=32)


def translate_settings(**train: Any) -> TranslateSettings:
    run = GenerateSettings("in", "out", image=IMAGE)
    gan = CycleGanSettings(blocks=1, width=4, discriminator_width=4, discriminator_layers=2, pool=4)
    training = TranslateTraining(batch_size=2, epochs=2, save_every=1, log_every=3, **train)
    return TranslateSettings(run, to="other", cyclegan=gan, train=training)


def synthesize_settings(**train: Any) -> SynthesizeSettings:
    run = GenerateSettings("in", "out", image=ImageSettings(height=16, width=16))
    gan = StyleGanSettings(width=64, max_channels=8, latent=8)
    training = SynthesizeTraining(batch_size=4, kimg=0.06, save_every=1, log_every=3, **train)
    return SynthesizeSettings(run, stylegan=gan, train=training)


def noise(count: int, size: tuple[int, int], seed: int) -> np.ndarray[Any, Any]:
    coarse = np.random.default_rng(seed).integers(0, 256, (count, 4, 4, 3), np.uint8)
    return np.stack([cv2.resize(one, size[::-1], interpolation=cv2.INTER_CUBIC) for one in coarse])


@contextmanager
def locked(folder: Path) -> Iterator[tuple[StoragePath, OutputLock]]:
    place = StoragePath.of(str(folder))
    place.create()
    with OutputLock(place) as lock:
        yield place, lock


def trained(folder: Path, settings: Any, domains: Any, identity: int = 1, **more: Any) -> Any:
    with locked(folder) as (place, lock):
        return train(
            settings,
            domains,
            place,
            lock,
            Clock(),
            {"seed": identity},
            quiet=True,
            threads=1,
            **more,
        )


@pytest.fixture
def domains(keep: Any) -> list[Any]:
    size = load_size(IMAGE)
    return [
        keep(noise(count, size, count), name) for count, name in ((30, "source"), (20, "target"))
    ]


def test_a_cyclegan_is_trained_measured_and_kept(tmp_path: Path, domains: Any) -> None:
    model = trained(tmp_path / "out", translate_settings(held_out=0.3), domains)

    assert model.status == "complete"
    read = read_model(model.place)
    assert (read.digest, read.names) == (model.digest, ("to_source", "to_target"))
    record = json.loads((tmp_path / "out" / "model" / "training.json").read_bytes())
    assert {"gap_closed_pixels", "diversity_pixels", "cycle_error"} <= record["measures"].keys()
    assert (record["workers"], record["device"], record["threads"]) == (1, "cpu", 1)
    sample = cv2.imread(str(tmp_path / "out" / "samples" / "000002.png"))
    assert sample is not None
    assert sample.std() > 10


def test_the_same_again_trains_nothing_and_another_is_refused(tmp_path: Path, domains: Any) -> None:
    model = trained(tmp_path / "out", translate_settings(), domains)

    assert trained(tmp_path / "out", translate_settings(), domains=()) == model
    place = StoragePath.of(str(tmp_path / "out"))
    assert finished_training(place, {"seed": 1}) == model
    with pytest.raises(OutputError, match=r"another training \(seed is 1 there and 2 here\)"):
        trained(tmp_path / "out", translate_settings(), domains, identity=2)


@pytest.mark.parametrize("kind", ["cyclegan", "stylegan"])
def test_one_that_is_stopped_goes_on_bit_for_bit(
    tmp_path: Path, domains: Any, keep: Any, kind: str
) -> None:
    if kind == "stylegan":
        domains = [keep(noise(40, (16, 16), 1), classes=("disc", "square"))]
    make = {"cyclegan": translate_settings, "stylegan": synthesize_settings}[kind]
    whole = trained(tmp_path / "whole", make(), domains)

    parts: TrainedModel | None = None
    for _ in range(100):
        parts = trained(tmp_path / "parts", make(max_hours=1e-9), domains)
        if parts.status == "complete":
            break

    assert parts is not None
    assert parts.digest == whole.digest


def test_transfer_begins_with_an_earlier_generator(tmp_path: Path, domains: Any) -> None:
    earlier = trained(tmp_path / "earlier", translate_settings(), domains)

    later = trained(
        tmp_path / "later", translate_settings(resume=str(earlier.place)), domains, identity=2
    )

    assert later.digest != earlier.digest
    assert later.notes[0].startswith("began with the generators of ")
