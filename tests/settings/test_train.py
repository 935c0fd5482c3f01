"""What a training is asked for, and what it cannot be asked for."""

from typing import Any

import pytest

from raydrift.errors import SettingsError
from raydrift.settings import TrainSettings
from raydrift.settings.toml import matrix_settings

PLAIN = {"input": "in", "output": "out"}


def test_nothing_is_trained_unless_it_is_asked_for() -> None:
    assert matrix_settings(PLAIN).train is None


def test_a_table_and_the_class_say_the_same() -> None:
    written = {"network": "resnet34", "lr": 1, "normalize": [[0, 0, 0], [1, 1, 1]]}
    given = TrainSettings("resnet34", lr=1.0, normalize="0,0,0/1,1,1")
    assert matrix_settings(PLAIN | {"train": written}).train == given
    assert matrix_settings(PLAIN | {"train": given}).train == given


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("resnet18", "train is 'resnet18': write it as a table, [train]"),
        ({"epochs": 3}, "train.network is missing: give --train NETWORK, or network in [train]: "),
        (
            {"network": "vgg"},
            "train.network is 'vgg': choose from: resnet18, resnet34, unet, unetpl",
        ),
        ({"network": "unet", "epoch": 1}, "unknown key train.epoch: did you mean 'epochs'?"),
        ({"network": "unet", "epochs": 0}, "train.epochs is 0: give at least 1"),
        ({"network": "unet", "epochs": 1.5}, "train.epochs is 1.5: give a whole number"),
        ({"network": "unet", "lr": 0}, "train.lr is 0: give a number above 0"),
        ({"network": "unet", "lr": float("inf")}, "train.lr is inf: give a number above 0"),
        (
            {"network": "unet", "batch_size": 1},
            "train.batch_size is 1: give at least 2: batch norm",
        ),
        (
            {"network": "unet", "augmentation": "some"},
            "train.augmentation is 'some': choose from: ",
        ),
        (
            {"network": "unet", "weights": ""},
            "train.weights is '': give random, imagenet or the pa",
        ),
        ({"network": "unet", "normalize": "x"}, "train.normalize is 'x': give none, imagenet, or "),
    ],
)
def test_what_cannot_be_is_named(given: Any, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        matrix_settings(PLAIN | {"train": given})
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("network", "size", "said"),
    [
        (
            "resnet18",
            (31, 64),
            "image.height is 31: ResNet18 needs at least 32 pixels: give a larg",
        ),
        ("unet", (64, 16), "image.width is 16: U-Net needs at least 32 pixels: give a larger --im"),
        (
            "unetplusplus",
            (64, 100),
            "image.width is 100: U-Net++ halves it five times: give a mult",
        ),
    ],
)
def test_images_that_are_too_small_for_the_network_are_refused(
    network: str, size: tuple[int, int], said: str
) -> None:
    image = {"height": size[0], "width": size[1]}
    with pytest.raises(SettingsError) as caught:
        matrix_settings(PLAIN | {"train": {"network": network}, "image": image})
    assert str(caught.value).startswith(said)


def test_a_resnet_takes_any_size_from_there_on() -> None:
    matrix_settings(PLAIN | {"train": {"network": "resnet18"}, "image": {"height": 33}})
