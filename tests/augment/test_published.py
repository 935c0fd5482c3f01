"""The numbers of keras-preprocessing 1.1.2 and Keras 3, as they came from these libraries."""

from typing import Any

import numpy as np
import pytest

from raydrift.augment.applying import Look, apply
from raydrift.augment.drawing import draw
from raydrift.augment.ranges import Ranges
from raydrift.augment.standardizing import Standardization, standardize
from raydrift.augment.statistics import broadcast, count
from raydrift.augment.zca import zca_matrix

LIBRARIES = ("kp112", "keras3")
NOISE = {"kp112": 2e-5, "keras3": 1e-6}
"""Of their whitening, which they compute in float32; it differs from one machine to another."""


def applied(x: np.ndarray, parameters: dict[str, Any], look: Look) -> np.ndarray:
    if look.data_format == "channels_last":
        return apply(x, parameters, look)
    return apply(np.ascontiguousarray(x.transpose(2, 0, 1)), parameters, look).transpose(1, 2, 0)


def ranges(arguments: dict[str, Any]) -> Ranges:
    zoom = arguments.get("zoom_range", 0.0)
    pair = zoom if isinstance(zoom, list) else [1 - zoom, 1 + zoom]
    return Ranges(**{**arguments, "zoom_range": pair})


@pytest.mark.parametrize("library", LIBRARIES)
def test_transforms_are_theirs(oracle: Any, tell: Any, library: str) -> None:
    for name, (arguments, parameters) in tell["apply"].items():
        look = Look(compat=library, **arguments)
        for number, image in enumerate(oracle["images"].astype(np.float32)):
            made = applied(image, parameters, look)
            wanted = oracle[f"apply/{library}/{name}"][number]
            assert made.dtype == np.float32
            assert np.abs(made - wanted).max() < (1e-3 if "order_3" in name else 0.02), name


@pytest.mark.parametrize("library", LIBRARIES)
def test_draws_are_theirs_to_the_bit(oracle: Any, tell: Any, library: str) -> None:
    for name, arguments in tell["draw"].items():
        for seed in range(5):
            drawn = draw(ranges(arguments), (24, 32), np.random.RandomState(seed), library)
            assert list(drawn) == tell["keys"]
            numbers = [np.nan if drawn[key] is None else drawn[key] for key in tell["keys"]]
            np.testing.assert_array_equal(numbers, oracle[f"draw/{library}/{name}"][seed], name)


@pytest.mark.parametrize("library", LIBRARIES)
def test_draws_and_transforms_together_are_theirs(oracle: Any, tell: Any, library: str) -> None:
    image = oracle["images"][0].astype(np.float32)
    for seed in range(5):
        rng = np.random.RandomState(seed)
        drawn = draw(ranges(tell["draw"]["everything"]), (24, 32), rng, library)
        off = np.abs(
            apply(image, drawn, Look(library)) - oracle[f"random_transform/{library}"][seed]
        )
        # Both libraries cut levels to whole ones, so that one on the brink may be one level off.
        assert off.max() <= 1
        assert (off > 0).sum() <= 1


@pytest.mark.parametrize("compat", ["fixed", *LIBRARIES])
def test_standardizing_is_theirs(oracle: Any, tell: Any, compat: str) -> None:
    library = compat if compat in LIBRARIES else "keras3"
    for name, arguments in tell["standardize"].items():
        for number, image in enumerate(oracle["images"].astype(np.float32)):
            made = standardize(image, Standardization(**arguments))
            assert made is image
            wanted = oracle[f"standardize/{library}/{name}"][number]
            np.testing.assert_allclose(made, wanted, rtol=1e-6, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("library", LIBRARIES)
def test_statistics_and_whitening_are_theirs(oracle: Any, tell: Any, library: str) -> None:
    small = oracle["small"]
    for name, given in tell["fit"].items():
        arguments = dict(given)
        epsilon = arguments.pop("zca_epsilon", 1e-6)
        wanted = {key: oracle.get(f"fit/{library}/{name}/{key}") for key in ("mean", "std", "zca")}
        known = count(small).rescaled(arguments.get("rescale", 1.0))
        mean, std = (broadcast(of, 2, np.float32) for of in (known.mean, known.std))
        np.testing.assert_allclose(mean, wanted["mean"], rtol=1e-6)
        zca = None
        if wanted["std"] is not None:
            np.testing.assert_allclose(std, wanted["std"], rtol=1e-6)
        if wanted["zca"] is not None:
            centred = small.astype(np.float64) * arguments["rescale"] - known.mean
            zca = zca_matrix(centred, epsilon, library)
            off = np.abs(zca - wanted["zca"]).max() / np.abs(zca).max()
            assert off < NOISE[library]
            arguments["featurewise_center"] = True
        how = Standardization(**arguments, mean=mean, std=std, zca=zca)
        made = standardize(small.copy(), how)
        np.testing.assert_allclose(
            made, oracle[f"fit/{library}/{name}/standardized"], rtol=1e-5, atol=2e-5
        )
