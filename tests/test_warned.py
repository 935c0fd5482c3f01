"""Warnings point at the user's line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from raydrift.flows import ImageDataGenerator
from raydrift.flows.saving import save_img
from raydrift.warned import warn

X = np.zeros((4, 6, 8, 3))


def read_broken(folder: Path) -> None:
    (folder / "a").mkdir()
    save_img(folder / "a" / "0.png", X[0])
    (folder / "a" / "1.png").write_bytes(b"no image")
    next(ImageDataGenerator().flow_from_directory(folder))


WARNED: dict[str, Callable[[Path], Any]] = {
    "itself": lambda _: warn("of a test"),
    "constructor": lambda _: ImageDataGenerator(zca_whitening=True, featurewise_center=False),
    "channels": lambda _: ImageDataGenerator().flow(X[..., :2]),
    "fit": lambda _: ImageDataGenerator().fit(X[..., :2]),
    "not fitted": lambda _: next(ImageDataGenerator(featurewise_center=True).flow(X)),
    "standardize": lambda _: ImageDataGenerator(featurewise_center=True).standardize(X[0]),
    "saved": lambda folder: save_img(folder / "a.jpg", np.zeros((4, 4, 4))),
    "replaced": read_broken,
}


@pytest.mark.parametrize("name", WARNED)
def test_the_line_is_the_users(name: str, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match=r"\w") as told:
        WARNED[name](tmp_path)
    assert {one.filename for one in told} == {__file__}


def test_it_is_the_user_of_keras_too() -> None:
    keras: dict[str, Any] = {"__name__": "keras.src.trainer", "warn": warn}
    exec("def fit():\n    warn('of a test', DeprecationWarning)", keras)
    with pytest.warns(DeprecationWarning, match="of a test") as told:
        keras["fit"]()
    assert told[0].filename == __file__
