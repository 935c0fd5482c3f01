"""The settings of runs with generative networks."""

from typing import Any

import pytest

from raydrift.errors import SettingsError
from raydrift.settings.gan_toml import synthesize_settings, translate_settings
from raydrift.settings.image import ImageSettings
from raydrift.settings.synthesize import StyleGanSettings, SynthesizeTraining
from raydrift.settings.translate import CycleGanSettings, TranslateTraining

IN_OUT = {"input": "a", "output": "c"}


def test_defaults_are_the_published_ones() -> None:
    translate = translate_settings({**IN_OUT, "to": "b"})
    assert (translate.train.epochs, translate.train.batch_size) == (100, 1)
    assert translate.train.generator_rate == translate.train.discriminator_rate == 1e-4
    assert (translate.train.log_every, translate.train.save_every) == (5, 5)
    assert translate.run.image == ImageSettings(256, 256)
    synthesize = synthesize_settings(IN_OUT)
    assert (synthesize.train.kimg, synthesize.train.batch_size) == (300, 8)
    assert synthesize.run.image == ImageSettings(256, 256)


def test_what_is_auto_follows_the_size() -> None:
    cyclegan = CycleGanSettings()
    assert [cyclegan.blocks_at(ImageSettings(side, side)) for side in (128, 256)] == [6, 9]
    stylegan, train = StyleGanSettings(), SynthesizeTraining()
    assert [stylegan.width_at(side) for side in (256, 512)] == [16384, 32768]
    assert [train.rate_at(side) for side in (512, 1024)] == [0.0025, 0.002]


def test_the_names_of_modelarts_are_taken_too() -> None:
    theirs = translate_settings({**IN_OUT, "to": "b", "max_epoch": 7, "image_height": 64})
    assert (theirs.train.epochs, theirs.run.image.height) == (7, 64)
    theirs_too = synthesize_settings({**IN_OUT, "total-kimg": 5, "resolution": 64})
    assert (theirs_too.train.kimg, theirs_too.run.image.width) == (5, 64)


def test_with_a_model_there_is_no_input() -> None:
    settings = synthesize_settings({"model": "earlier", "output": "new"})
    assert (settings.model, settings.run.input) == ("earlier", "earlier")


def test_with_a_model_images_may_be_as_small_as_its_generator_takes() -> None:
    small = {"model": "m", "image": {"height": 16, "width": 8}, "direction": "to_source"}
    assert translate_settings({**IN_OUT, **small}).run.image == ImageSettings(16, 8)


def test_workers_share_a_batch_in_groups_that_are_compared() -> None:
    train = SynthesizeTraining(batch_size=16)
    assert [count for count in range(1, 17) if train.can_be_shared(count)] == [1, 2, 4]
    with pytest.raises(SettingsError) as refused:
        train.check_shared(8)
    assert str(refused.value) == (
        "train.batch_size is 16, which 8 workers cannot share in groups of 4: give a multiple of "
        "32, or fewer train.workers"
    )
    assert TranslateTraining(batch_size=3).can_be_shared(3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "give either --to TARGET, the other domain to train on, or --model EARLIER"),
        ({"to": "b", "model": "m"}, "give either --to TARGET"),
        ({"to": "a"}, "to is 'a': that is the input itself: give other images"),
        ({"to": "c/d"}, "output is 'c': the input is in it"),
        ({"to": "b", "output": "b/c"}, "output is 'b/c': that is in the input"),
        ({"to": "b", "transforms": ["hue:1"]}, "transforms: translate takes images as they are"),
        ({"to": "b", "embedding": {"compute": True}}, "embedding.compute: translate writes no "),
        ({"to": "b", "train": {"epoch": 3}}, "unknown key train.epoch: did you mean 'epochs'?"),
        ({"to": "b", "epocs": 3}, "unknown key epocs: "),
        ({"to": "b", "train": 3}, "train is 3: write it as a table, [train]"),
        ({"to": "b", "cyclegan": {"blocks": "x"}}, "cyclegan.blocks is 'x': "),
        ({"to": "b", "train": {"workers": 0}}, "train.workers is 0: "),
        ({"to": "b", "train": {"generator_rate": 0.0}}, "train.generator_rate is 0.0: "),
        ({"to": "b", "train": {"held_out": 0.6}}, "train.held_out is 0.6: give a share from 0"),
        ({"to": "b", "direction": "to_source"}, "direction is 'to_source': "),
        ({"model": "m", "image": {"width": 10}}, "image.width is 10: the network needs a multiple"),
        ({"to": "b", "train": {"resume": "c"}}, "train.resume is 'c': that is in the output: "),
        ({"to": "b", "train": {"resume": "c/model/training.pt"}}, "train.resume is 'c/model/"),
        ({"to": "b", "cyclegan": {"lambda_cycle": float("inf")}}, "cyclegan.lambda_cycle is inf"),
        ({"to": "b", "channels": 4}, "channels is 4: give 1 or 3"),
        (
            {"to": "b", "image": {"height": 66}},
            "image.height is 66: the network needs a multiple of 4: give 64 or 68",
        ),
        (
            {"to": "b", "image": {"width": 16}},
            "image.width is 16: discriminators of 3 strided layers need at least 32 pixels",
        ),
        ({"to": "b", "max_epoch": 3, "train": {"epochs": 2}}, "max_epoch is train.epochs, which"),
    ],
)
def test_a_translation_that_cannot_be(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        translate_settings({**IN_OUT, **given})
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"image": {"height": 100}}, "image.height is 100: the network needs a power of 2 of at "),
        ({"image": {"height": 64}}, "image is 64 x 256: synthesize makes square images"),
        ({"stylegan": {"gamma": -1.0}}, "stylegan.gamma is -1.0: "),
        ({"stylegan": {"augment": "c"}}, "stylegan.augment is 'c': choose from: none, b, bg, bgc"),
        ({"stylegan": {"mixing": 1.5}}, "stylegan.mixing is 1.5: give 0 to 1"),
        ({"train": {"kimg": 0}}, "train.kimg is 0"),
        ({"train": {"resume": "./c/"}}, "train.resume is './c/': that is in the output: "),
        ({"masks": "m"}, "masks: synthesize takes images as they are"),
        ({"predict": True}, "predict is true, and no model is named"),
    ],
)
def test_a_synthesis_that_cannot_be(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        synthesize_settings({**IN_OUT, **given})
    assert str(refused.value).startswith(said)
