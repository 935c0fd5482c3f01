"""The parameters of ModelArts' operators as settings of ours."""

from typing import Any

import pytest

from raydrift.errors import SettingsError
from raydrift.settings.gan_toml import synthesize_settings, translate_settings
from raydrift.settings.modelarts import (
    CYCLEGAN,
    STYLEGAN,
    Operator,
    modelarts_values,
    with_our_names,
)

DEFAULTS: dict[str, tuple[Operator, dict[str, Any]]] = {
    "CycleGan": (
        CYCLEGAN,
        {
            "do_validation": True,
            "image_channel": 3,
            "image_height": 256,
            "image_width": 256,
            "batch_size": 1,
            "max_epoch": 100,
            "g_learning_rate": 0.0001,
            "d_learning_rate": 0.0001,
            "log_frequency": 5,
            "save_frequency": 5,
            "predict": False,
            "resume": "",
        },
    ),
    "StyleGan": (
        STYLEGAN,
        {
            "resolution": 256,
            "batch-size": 8,
            "total-kimg": 300,
            "generate_num": 300,
            "predict": False,
            "resume": "",
            "do_validation": True,
        },
    ),
}
"""The parameters as they are published, with what they are unless told otherwise."""


def test_their_defaults_are_ours() -> None:
    place = {"input": "a", "output": "b"}
    plain = translate_settings({**place, "to": "c"})
    operator, parameters = DEFAULTS["CycleGan"]
    assert translate_settings({**place, "to": "c", **modelarts_values(parameters, operator)}) == (
        plain
    )
    operator, parameters = DEFAULTS["StyleGan"]
    given = synthesize_settings({**place, **modelarts_values(parameters, operator)})
    assert given == synthesize_settings({**place, "num_samples": 300})


def test_each_parameter_is_a_setting() -> None:
    parameters = {
        "do_validation": False,
        "image_channel": 1,
        "image_height": 64,
        "image_width": 128,
        "batch_size": 2,
        "max_epoch": 20,
        "g_learning_rate": 0.0002,
        "d_learning_rate": 0.0003,
        "log_frequency": 7,
        "save_frequency": 8,
        "resume": "earlier",
    }
    assert modelarts_values(parameters, CYCLEGAN) == {
        "validate": {"check": False},
        "channels": 1,
        "image": {"height": 64, "width": 128},
        "train": {
            "batch_size": 2,
            "epochs": 20,
            "generator_rate": 0.0002,
            "discriminator_rate": 0.0003,
            "log_every": 7,
            "save_every": 8,
            "resume": "earlier",
        },
    }


def test_with_predict_the_model_makes_the_images() -> None:
    values = modelarts_values({"predict": "True", "resume": "earlier"}, STYLEGAN)
    assert values == {"model": "earlier"}
    assert with_our_names({"predict": True, "model": "earlier"}, STYLEGAN) == values


def test_a_toml_file_may_have_both_names() -> None:
    values = {
        "input": "a",
        "output": "b",
        "to": "c",
        "max-epoch": 3,
        "image_height": 32,
        "image_width": 32,
        "train": {"keep": 1},
    }
    settings = translate_settings(values)
    assert settings.train.epochs == 3
    assert settings.train.keep == 1
    assert settings.run.image.height == 32
    assert values["train"] == {"keep": 1}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"batch-size": 2, "batch_size": 3},
            "batch-size and batch_size are the same: leave one out",
        ),
        (
            {"max_epoch": 2, "train": {"epochs": 3}},
            "max_epoch is train.epochs, which is given too: leave one out",
        ),
        ({"max_epoch": 2, "train": 3}, "train is 3: write it as a table, [train]"),
        (
            {"predict": True},
            "predict is true, and no model is named: give resume = PATH, the folder of a finished "
            "run or its generator.safetensors",
        ),
        ({"predict": "maybe"}, "predict is 'maybe': give true or false"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        with_our_names(values, CYCLEGAN)
    assert str(caught.value) == said


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        modelarts_values({"max_epochs": 2}, CYCLEGAN)
    assert str(caught.value) == "CycleGan has no parameter 'max_epochs': did you mean 'max_epoch'?"
    with pytest.raises(SettingsError, match="StyleGan has no parameter 'max_epoch'"):
        modelarts_values({"max_epoch": 2}, STYLEGAN)
