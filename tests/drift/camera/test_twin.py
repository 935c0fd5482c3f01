"""The twin makes what ``generate`` makes, and knows how to change it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from raydrift.camera.differentiable import rows_of
from raydrift.drift import drift_image
from raydrift.drift.camera.box import Box
from raydrift.drift.camera.raw import develop_raw, drift_raw, scaled_raw
from raydrift.drift.camera.setup import CameraSetup
from raydrift.drift.camera.twin import Twin
from raydrift.errors import PipelineError, SettingsError
from raydrift.images.pixels import ColourSpace, Sample
from raydrift.images.scenes import draw_scene
from raydrift.settings import ImageSettings
from raydrift.settings.raw import RawSettings
from raydrift.transforms import DriftProfile, TransformInfo

SEARCHED = [
    "isp_black_level", "isp_white_balance", "isp_colour_matrix", "isp_gamma", "isp_sharpen",
    "isp_denoise", "isp_demosaic",
]  # fmt: skip
ALL = [TransformInfo(name, 0.6) for name in SEARCHED]
QUIET = DriftProfile(isp={"most_shot": 1e-4, "least_light": 1.0})


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    return np.stack([draw_scene("house", seed=1, index=i, height=45, width=62) for i in range(4)])


def drawn_of(chain: list[TransformInfo], photos: np.ndarray, profile: DriftProfile) -> Any:
    """Drifted images, and of each the parameters of all transforms."""
    images, rows = [], []
    for i, photo in enumerate(photos):
        image, drawn = drift_image(photo, chain, seed=5, sample_id=i, profile=profile)
        images.append(image)
        rows.append({name: one for each in drawn for name, one in each.parameters.items()})
    return np.stack(images), rows


@pytest.mark.parametrize("mode", ["residual", "full"])
@pytest.mark.parametrize(
    "chain",
    [*([TransformInfo(name, 0.7)] for name in SEARCHED), ALL],
    ids=[*SEARCHED, "all"],
)
@pytest.mark.parametrize(
    "camera",
    [{}, {"view": "ma,u,ga", "cfa": "GBRG"}, {"view": "bi,s,me", "oversample": 2}],
    ids=str,
)
def test_parameters_of_provenance_make_the_same_pictures_but_for_rounding(
    mode: str, chain: list[TransformInfo], camera: dict[str, Any], photos: np.ndarray
) -> None:
    profile = DriftProfile(camera={"mode": mode, **camera})
    images, rows = drawn_of(chain, photos, profile)
    twin = Twin.of_photos(Box.of(chain, profile), photos, profile.setup("camera"))
    found = twin(twin.parameters(rows))
    assert (found.dtype, tuple(found.shape)) == (torch.float32, (4, 3, 45, 62))
    levels = 255 * found.detach().numpy().transpose(0, 2, 3, 1)
    # Half a grey level is the rounding; all but black the last bit grows to a 10th of one.
    difference = np.abs(levels - images)
    assert difference.max() < 0.6
    assert np.mean(difference > 0.502) < 1e-3


@pytest.mark.parametrize("mode", ["residual", "full"])
def test_neutral_parameters_change_nothing(mode: str, photos: np.ndarray) -> None:
    setup = CameraSetup(mode=mode)
    twin = Twin.of_photos(Box.of(ALL), photos, setup, dtype=torch.float64)
    found = twin(twin.start())
    reference = photos / 255
    if mode == "full":
        none = DriftProfile(camera={"mode": "full"}, isp_gamma={"stops": 0.0})
        images, _ = drawn_of([TransformInfo("isp_gamma", 1.0)], photos, none)
        assert np.abs(255 * found.detach().numpy().transpose(0, 2, 3, 1) - images).max() < 0.6
    else:
        assert found.detach().numpy().transpose(0, 2, 3, 1) == pytest.approx(reference, abs=1e-12)


def test_each_picture_has_parameters_and_choices_of_its_own(photos: np.ndarray) -> None:
    box = Box.of([*ALL[:-1], TransformInfo("isp_demosaic", 0.8)])
    rng = np.random.default_rng(3)
    rows = [box.drawn(rng) | {"other": i % 2} for i in range(4)]
    twin = Twin.of_photos(box, photos, dtype=torch.float64)
    found = twin(twin.parameters(rows))
    for i, row in enumerate(rows):
        alone = Twin.of_photos(box, photos[i : i + 1], dtype=torch.float64)
        assert (alone(alone.parameters([row]))[0] - found[i]).abs().max() < 1e-12


def test_isp_as_a_whole_is_searched_without_its_noise(photos: np.ndarray) -> None:
    box = Box.of([TransformInfo("isp", 0.5)])
    twin = Twin.of_photos(box, photos)
    theta = twin.start(np.random.default_rng(1))
    twin(theta).mean().backward()
    for name, one in theta.items():
        assert one.requires_grad == (name in box.spans)
        if name in box.spans:
            assert one.grad is not None
            assert one.grad.isfinite().all()
            assert one.grad.abs().max() > 0, name


@pytest.mark.parametrize("mode", ["residual", "full"])
def test_gradients_are_right(mode: str) -> None:
    levels = np.random.default_rng(0).integers(90, 150, (2, 4, 3, 3)).astype(np.uint8)
    box = Box.of([TransformInfo(name, 0.2) for name in SEARCHED])
    twin = Twin.of_photos(box, levels, CameraSetup(mode=mode), dtype=torch.float64)
    rng = np.random.default_rng(4)
    start = twin.parameters([box.drawn(rng) | {"denoise": 0.3 + i / 5} for i in range(2)])
    names = list(box.spans)

    def pictures(*values: torch.Tensor) -> torch.Tensor:
        return twin({**start, **dict(zip(names, values, strict=True))})

    assert torch.autograd.gradcheck(pictures, [start[name] for name in names], eps=1e-7)


@pytest.mark.parametrize("value", [0, 255])
def test_black_and_white_photographs_have_finite_gradients_that_move_them(value: int) -> None:
    photos = np.full((1, 6, 8, 3), value, np.uint8)
    twin = Twin.of_photos(Box.of(ALL), photos)
    theta = twin.start()
    twin(theta).sum().backward()
    for name in twin.box.spans:
        gradient = theta[name].grad
        assert gradient is not None
        assert gradient.isfinite().all(), name
    if value:
        assert theta["black"].grad is not None
        assert theta["black"].grad.item() < 0, "a higher black level darkens white"


def test_an_ascent_stays_in_the_box_and_generate_can_make_what_it_finds(
    photos: np.ndarray,
) -> None:
    box = Box.of(ALL)
    twin = Twin.of_photos(box, photos)
    theta = twin.start()
    optimiser = torch.optim.SGD([theta[name] for name in box.spans], lr=5.0)
    losses = []
    for _ in range(6):
        optimiser.zero_grad()
        loss = -twin(theta).mean()
        losses.append(loss.item())
        loss.backward()
        optimiser.step()
        twin.project(theta)
    assert losses[-1] < losses[0] - 0.05, "brighter"
    for row in rows_of(theta):
        nearest = box.nearest(row)
        for name in box.spans:
            assert np.array(row[name]) == pytest.approx(np.array(nearest[name]), abs=1e-6)


def raw_sample(seed: int, orientation: int = 1) -> Sample:
    """A mosaic of 12 bits, as a reader gives it."""
    pixels = np.random.default_rng(seed).integers(300, 3000, (32, 40)).astype(np.uint16)
    facts = {
        "cfa": "GRBG", "orientation": orientation, "black": [100, 101, 102, 103 + seed],
        "black_by_colour": [100, 101, 102, 103], "white": 4000, "full": 4095,
        "white_balance": [2.0, 1.0, 1.5 + seed / 10],
    }  # fmt: skip
    return Sample(pixels, space=ColourSpace.MOSAIC, facts=facts)


@pytest.mark.parametrize("read", ["full", "half"])
def test_raw_files_are_what_their_drifted_cameras_make(read: str) -> None:
    half = read == "half"
    raw = RawSettings(read=read)
    size = ImageSettings(width=20, height=16) if half else ImageSettings(width=40, height=32)
    chain = [one for one in ALL if one.name != "isp_demosaic" or not half]
    samples = [raw_sample(seed) for seed in range(3)]
    images, rows = [], []
    for i, one in enumerate(samples):
        drifted, drawn = drift_raw(
            one, chain, raw, size, seed=2, sample_id=i, profile=DriftProfile()
        )
        images.append(drifted.pixels)
        rows.append({name: value for each in drawn for name, value in each.parameters.items()})
    values, references = zip(*(scaled_raw(one, raw) for one in samples), strict=True)
    twin = Twin.of_raws(Box.of(chain), values, references, half=half)
    found = 255 * twin(twin.parameters(rows)).detach().numpy().transpose(0, 2, 3, 1)
    assert np.abs(found - np.stack(images)).max() < 0.6
    neutral = 255 * twin(twin.start()).detach().numpy().transpose(0, 2, 3, 1)
    plain = np.stack([develop_raw(one, raw, size).pixels for one in samples])
    assert np.abs(neutral - plain).max() < 0.6


def test_what_the_twin_cannot_take_is_told(photos: np.ndarray) -> None:
    twin = Twin.of_photos(Box.of([TransformInfo("isp_gamma", 0.5)]), photos)
    gamma = twin.start()["gamma"]
    for parameters, said in (
        ({}, "parameters: gamma is missing: give gamma"),
        ({"gamma": gamma, "black": gamma}, "parameters: black is not of the box: give gamma"),
        ({"gamma": gamma[:3]}, "parameters: gamma is of shape (3,): give (4,)"),
    ):
        with pytest.raises(SettingsError) as caught:
            twin(parameters)
        assert str(caught.value) == said
    with pytest.raises(SettingsError, match=r"^there are no photographs: give at least one"):
        Twin.of_photos(twin.box, photos[:0])
    with pytest.raises(PipelineError, match=r"^unprocess"):
        Twin.of_photos(twin.box, photos[0])
    first, second = scaled_raw(raw_sample(0), RawSettings())
    with pytest.raises(SettingsError, match=r"^mosaics are \(30, 40\), \(32, 40\): give at least"):
        Twin.of_raws(twin.box, [first, first[:30]], [second, second])
    with pytest.raises(SettingsError, match=r"^cfa is GRBG of one mosaic and another of others"):
        Twin.of_raws(twin.box, [first, first], [second, replace(second, cfa="RGGB")])
