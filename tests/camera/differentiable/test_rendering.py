"""Rendering of batches: the pictures of numpy's code, and gradients that are right."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from raydrift.camera import (
    CFA,
    DRONE,
    MICROSCOPY,
    REFERENCE,
    VIEWS,
    Camera,
    Demosaicer,
    Rendering,
    View,
)
from raydrift.camera.differentiable import render, together
from raydrift.camera.rendering import adjusted, linear_rgb, picture_of
from raydrift.drift.camera.raw import _superpixels
from raydrift.errors import ImageError, SettingsError
from tests.camera.differentiable.batches import batch, by_numpy, of_image, plain

CAMERAS = {"reference": REFERENCE, "drone": DRONE, "micro": MICROSCOPY}
VIEWED = [*VIEWS, *map(View.parse, ("bi", "ma", "me"))]


def off(raw: Tensor, rendering: Rendering) -> float:
    """How far pictures are from those of numpy's code, at the most."""
    found = render(raw, rendering).detach().numpy()
    assert found.shape == (len(raw), 3, *raw.shape[1:])
    return max(
        float(np.abs(picture - by_numpy(mosaic, of_image(rendering, image))).max())
        for image, (picture, mosaic) in enumerate(zip(found, raw.numpy(), strict=True))
    )


@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
@pytest.mark.parametrize("view", VIEWED, ids=str)
def test_in_float64_it_is_what_numpy_makes_borders_too(view: View, camera: Camera) -> None:
    assert off(batch(2, 23, 32), plain(replace(camera, view=view))) < 1e-10


@pytest.mark.parametrize("view", VIEWED, ids=str)
def test_in_float32_it_is_near_where_it_is_not_all_but_black(view: View) -> None:
    """What a power makes of the last bit is told in ``camera.render``."""
    rendering = plain(replace(REFERENCE, view=view))
    raw = batch(2, 61, 74, torch.float32)
    found = render(raw, rendering).numpy()
    for picture, mosaic in zip(found, raw.numpy(), strict=True):
        linear = adjusted(linear_rgb(mosaic, rendering), rendering)
        difference = np.abs(picture - by_numpy(mosaic, rendering))[linear > 0.01]
        assert difference.size > 1000
        assert difference.max() < 5e-6


@given(
    height=st.integers(2, 12),
    width=st.integers(2, 12),
    cfa=st.sampled_from(CFA),
    demosaicers=st.tuples(*[st.sampled_from(Demosaicer)] * 2),
    numbers=st.lists(st.floats(0, 1), min_size=8, max_size=8),
    median=st.booleans(),
)
def test_any_size_pattern_and_parameters(
    height: int,
    width: int,
    cfa: CFA,
    demosaicers: tuple[Demosaicer, Demosaicer],
    numbers: list[float],
    median: bool,
) -> None:
    black, other, red, gamma, share, sharpen, unsharp, denoise = (
        torch.tensor([one, 1 - one / 2], dtype=torch.float64) for one in numbers
    )
    rendering = Rendering(
        black_level=(0.1 * black, 0.1 * other, 0.05, 0.06),  # type: ignore[arg-type]
        white_balance=(1 + red, 1.0, 2 - red),  # type: ignore[arg-type]
        colour_matrix=DRONE.colour_matrix,
        gamma=1.2 + gamma,  # type: ignore[arg-type]
        cfa=cfa,
        demosaicer=demosaicers[0],
        demosaic_share=share,  # type: ignore[arg-type]
        other_demosaicer=demosaicers[1],
        sharpen_amount=sharpen,  # type: ignore[arg-type]
        unsharp_amount=3 * unsharp,  # type: ignore[arg-type]
        median=median,
        denoise_sigma=4 * denoise,  # type: ignore[arg-type]
    )
    raw = batch(2, height, width)
    found = render(raw, rendering).numpy()
    for image, (picture, mosaic) in enumerate(zip(found, raw.numpy(), strict=True)):
        own = of_image(rendering, image)
        # A power of nearly nothing makes much of the last bit: linear values are compared.
        expected = by_numpy(mosaic, own) ** own.gamma
        assert np.abs(picture**own.gamma - expected).max() < 1e-12


@pytest.mark.parametrize(
    ("denoise", "reach"), [(0.0, 0), (0.1, 0), (0.13, 1), (0.374, 1), (0.376, 2), (2.0, 8)]
)
def test_a_gaussian_is_cut_where_numpy_cuts_it(denoise: float, reach: int) -> None:
    """Beside a wider one, too."""
    assert int(4 * denoise + 0.5) == reach
    sigmas = torch.tensor([denoise, 1.7], dtype=torch.float64)
    assert off(batch(2, 20, 21), plain(denoise_sigma=sigmas)) < 1e-12


def test_half_is_what_raw_files_are_read_as() -> None:
    raw = batch(2, 9, 12)
    rendering = plain(DRONE, unsharp_amount=1.0, cfa=CFA.GBRG)
    found = render(raw, rendering, half=True).numpy()
    assert found.shape == (2, 3, 4, 6)
    mosaic = raw[1, :8].numpy().astype(np.float32)
    expected = picture_of(_superpixels(mosaic, rendering, False), rendering)
    assert np.abs(found[1].transpose(1, 2, 0) - expected).max() < 2e-5


def test_a_batch_is_what_each_is_alone() -> None:
    raw = batch(3, 15, 18)
    numbers = {
        "gamma": [1.5, 2.2, 3.0],
        "unsharp_amount": [0.0, 1.0, 2.0],
        "denoise_sigma": [0.3, 0, 2],
    }
    tensors = {name: torch.tensor(one, dtype=torch.float64) for name, one in numbers.items()}
    whole = render(raw, plain(**tensors))
    for image, one in enumerate(raw):
        alone = {name: values[image] for name, values in numbers.items()}
        assert (render(one[None], plain(**alone))[0] - whole[image]).abs().max() < 1e-13


def test_renderings_of_several_mosaics_become_one() -> None:
    first, second = plain(DRONE, gamma=1.8), plain(REFERENCE)
    both = together([first, second])
    assert both.denoise_sigma == 0
    raw = batch(2, 9, 8)
    assert of_image(both, 1) == second
    found = render(raw, both)
    for image, own in enumerate((first, second)):
        assert (render(raw[image, None], own)[0] - found[image]).abs().max() < 1e-13
    with pytest.raises(SettingsError, match=r"^cfa is RGGB of one mosaic and another of others"):
        together([first, replace(second, cfa=CFA.BGGR)])


def numbers() -> list[Tensor]:
    """Parameters of two images, in the order of ``rendered``."""
    values: list[Any] = [
        [[0.05, 0.06, 0.07, 0.05], [0.02, 0.01, 0.02, 0.03]],
        [[2.0, 1.1, 1.6], [1.5, 0.9, 2.1]],
        [DRONE.colour_matrix, REFERENCE.colour_matrix],
        [1.9, 2.4], [0.3, 0.8], [0.4, 0.1], [1.2, 0.5], [0.6, 1.3],
    ]  # fmt: skip
    return [torch.tensor(one, dtype=torch.float64, requires_grad=True) for one in values]


@pytest.mark.parametrize("median", [False, True], ids=["plain", "median"])
@pytest.mark.parametrize("demosaicer", [Demosaicer.MALVAR, Demosaicer.MENON])
def test_gradients_are_right(demosaicer: Demosaicer, median: bool) -> None:
    def rendered(raw: Tensor, *parameters: Tensor) -> Tensor:
        black, gains, matrix, gamma, share, sharpen, unsharp, sigma = parameters
        rendering = Rendering(
            black_level=black.unbind(1),  # type: ignore[arg-type]
            white_balance=gains.unbind(1),  # type: ignore[arg-type]
            colour_matrix=tuple(row.unbind(1) for row in matrix.unbind(1)),  # type: ignore[arg-type]
            gamma=gamma,  # type: ignore[arg-type]
            demosaicer=demosaicer,
            demosaic_share=share,  # type: ignore[arg-type]
            sharpen_amount=sharpen,  # type: ignore[arg-type]
            unsharp_amount=unsharp,  # type: ignore[arg-type]
            median=median,
            denoise_sigma=sigma,  # type: ignore[arg-type]
        )
        return render(raw, rendering)

    raw = 0.15 + 0.1 * torch.rand(
        2, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )
    assert torch.autograd.gradcheck(rendered, (raw.requires_grad_(), *numbers()), eps=1e-7)


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("gamma", [0.5, 1.2, 4.4])
@pytest.mark.parametrize("camera", [Camera(), REFERENCE, MICROSCOPY], ids=["none", "ref", "micro"])
def test_black_and_white_have_finite_gradients(value: float, gamma: float, camera: Camera) -> None:
    """Camera() leaves 0 and 1 exactly on the bounds."""
    raw = torch.full((2, 6, 7), value, requires_grad=True)
    leaves = {
        "gamma": torch.full((2,), gamma, requires_grad=True),
        "unsharp_amount": torch.zeros(2, requires_grad=True),
        "denoise_sigma": torch.zeros(2, requires_grad=True),
        "demosaic_share": torch.zeros(2, requires_grad=True),
    }
    rendering = replace(plain(camera, demosaicer=Demosaicer.MENON), **leaves)  # type: ignore[arg-type]
    render(raw, rendering).square().sum().backward()
    for leaf in (raw, *leaves.values()):
        assert leaf.grad is not None
        assert leaf.grad.isfinite().all()


def test_what_cannot_be_rendered_is_told() -> None:
    with pytest.raises(SettingsError, match=r"^gamma has 3 values for 2 mosaics: give one, or one"):
        render(batch(2, 4, 4), plain(gamma=torch.ones(3)))
    with pytest.raises(
        ImageError, match=r"^develop: the mosaics are float64 \(4, 4\): give a batch"
    ):
        render(batch(2, 4, 4)[0], plain())


@pytest.mark.gpu
@pytest.mark.parametrize("demosaicer", Demosaicer)
def test_a_gpu_makes_the_same_pictures_and_gradients(demosaicer: Demosaicer) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no GPU")
    found = []
    for device in ("cpu", "cuda"):
        gamma, sigma = (
            torch.tensor(one, dtype=torch.float64, device=device, requires_grad=True)
            for one in ([1.8, 2.4], [0.6, 1.4])
        )
        rendering = plain(demosaicer=demosaicer, gamma=gamma, denoise_sigma=sigma)
        pictures = render(batch(2, 33, 40).to(device), rendering)
        pictures.square().mean().backward()
        found.append([one.detach().cpu() for one in (pictures, gamma.grad, sigma.grad)])
    for cpu, gpu in zip(*found, strict=True):
        assert (cpu - gpu).abs().max() < 1e-10
