"""Trainings of real networks, small ones, in this process."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest

from raydrift.engine.training.here import used_threads, work_of
from raydrift.engine.training.job import TrainingJob
from raydrift.engine.training.loop import TrainingLoop
from raydrift.engine.training.train import finished_training
from raydrift.errors import OutputError, SettingsError
from raydrift.gan.model_file import read_model
from raydrift.gan.replicas import Replicas
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.synthesize import StyleGanSettings, SynthesizeSettings, SynthesizeTraining
from tests.engine.training.conftest import small_cyclegan, train_in


def small_stylegan() -> SynthesizeSettings:
    run = GenerateSettings("in", "out", image=ImageSettings(height=16, width=16))
    gan = StyleGanSettings(width=64, max_channels=8, latent=8)
    training = SynthesizeTraining(batch_size=4, kimg=0.06, save_every=1, log_every=3)
    return SynthesizeSettings(run, stylegan=gan, train=training)


@pytest.mark.usefixtures("with_pages")
def test_a_cyclegan_is_trained_measured_and_kept(
    tmp_path: Path, small_domains: Any, train_small: Any
) -> None:
    model = train_small(tmp_path, small_domains, held_out=0.3)

    assert model.status == "complete"
    read = read_model(model.place)
    assert (read.digest, read.names) == (model.digest, ("to_source", "to_target"))
    record = json.loads((tmp_path / "model" / "training.json").read_bytes())
    assert {"gap_closed_pixels", "diversity_pixels", "cycle_error"} <= record["measures"].keys()
    assert (record["workers"], record["device"], record["threads"]) == (1, "cpu", 1)
    assert cv2.imread(str(tmp_path / "samples" / "000002.png")).std() > 10
    page = (tmp_path / "report.html").read_text()
    assert "in → other" in page
    assert f"step {record['step']}" in page
    assert (tmp_path / "progress.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_again_trains_nothing_and_another_is_refused(
    tmp_path: Path, small_domains: Any, train_small: Any
) -> None:
    model = train_small(tmp_path, small_domains, epochs=1)

    assert train_small(tmp_path, domains=()) == model
    assert finished_training(StoragePath.of(str(tmp_path)), {"seed": 1}) == model
    with pytest.raises(OutputError, match=r"another training \(seed is 1 there and 2 here\)"):
        train_small(tmp_path, small_domains, seed=2)


@pytest.mark.parametrize("lost", ["gone", "cut off", "another"])
def test_a_model_that_was_lost_is_written_again(
    tmp_path: Path, small_domains: Any, train_small: Any, lost: str
) -> None:
    model = train_small(tmp_path / "out", small_domains, epochs=1)
    place = tmp_path / "out" / "model" / "generator.safetensors"
    whole = place.read_bytes()
    place.unlink()
    if lost == "cut off":
        place.write_bytes(whole[:-9])
    if lost == "another":
        other = train_small(tmp_path / "other", small_domains, epochs=1, generator_rate=2e-4)
        place.write_bytes(other.place.read_bytes())

    assert finished_training(StoragePath.of(str(tmp_path / "out")), {"seed": 1}) is None
    assert train_small(tmp_path / "out", small_domains, epochs=1) == model
    assert place.read_bytes() == whole


@pytest.mark.parametrize("kind", ["cyclegan", "stylegan"])
def test_one_that_is_stopped_goes_on_bit_for_bit(
    tmp_path: Path, small_domains: Any, keep: Any, noise: Any, watched: Any, kind: str
) -> None:
    settings, domains = small_cyclegan(epochs=1), small_domains
    if kind == "stylegan":
        settings, domains = small_stylegan(), [keep(noise(40, (16, 16), 1), classes=("a", "b"))]
    whole = train_in(tmp_path / "whole", settings, domains)

    job = TrainingJob(settings, tuple(domains), StoragePath.of(str(tmp_path / "two")), {"seed": 1})
    with used_threads(1):
        TrainingLoop(job, work_of(job, "cpu"), Replicas(), "cpu", watched(stop_at=5)).run()
    parts = train_in(tmp_path / "two", settings, domains)

    assert parts.digest == whole.digest


def test_transfer_begins_with_an_earlier_generator_of_the_same_sizes(
    tmp_path: Path, small_domains: Any, train_small: Any
) -> None:
    earlier = train_small(tmp_path / "earlier", small_domains, epochs=1)
    place = str(earlier.place)

    later = train_small(tmp_path / "later", small_domains, epochs=1, resume=place)

    assert later.digest != earlier.digest
    assert later.notes[0].startswith("began with the generators of ")
    settings = small_cyclegan(epochs=1, resume=place)
    other = replace(settings, cyclegan=replace(settings.cyclegan, width=8))
    with pytest.raises(SettingsError, match=r"cyclegan.width = 4, this one 8"):
        train_in(tmp_path / "other", other, small_domains)
