"""The published parametrisation: its numbers, its names, and mosaics that it was not made for."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
import torch
from torch import Tensor

from raydrift.camera import CFA, DRONE, MICROSCOPY, REFERENCE, Camera, develop
from raydrift.camera.differentiable import Parametrised
from raydrift.errors import ImageError, SettingsError
from tests.camera.differentiable.batches import batch
from tests.camera.mosaics import flat

Arrays = Mapping[str, np.ndarray]

SHAPES = {
    "black_level": (4,),
    "white_balance": (1, 3),
    "colour_correction": (3, 3),
    "gamma_correct": (1,),
    "debayer.weight": (3, 3, 3, 3),
    "sharpening_filter.weight": (1, 1, 3, 3),
    "gaussian_blur.weight": (1, 1, 5, 5),
}
STAGES = ["demosaic", "color_correct", "sharpening", "gaussian", "clipped", "gamma_correct"]

OUTPUT = {torch.float64: 1e-12, torch.float32: 1e-5}  # processors round otherwise
GRADIENT = {torch.float64: 1e-12, torch.float32: 3e-3}
"""Of the largest."""

dtypes = pytest.mark.parametrize("dtype", OUTPUT, ids=str)


def published(cameras: Mapping[str, Camera]) -> Iterator[tuple[str, str, Camera]]:
    for mosaic in ("drone", "rose", "finch"):
        for name, camera in cameras.items():
            yield mosaic, name, camera


def off(found: Tensor | None, expected: np.ndarray) -> float:
    """The largest difference."""
    assert found is not None
    assert found.numel() == expected.size
    return float(np.abs(found.detach().numpy().reshape(expected.shape) - expected).max())


def off_share(found: Tensor | None, expected: np.ndarray) -> float:
    """The largest difference, as a share of the largest value."""
    return off(found, expected) / float(np.abs(expected).max())


@dtypes
def test_pictures_and_gradients_are_the_published_ones(
    dtype: torch.dtype, oracle: Arrays, cameras: Mapping[str, Camera]
) -> None:
    for mosaic, name, camera in published(cameras):
        raw = torch.tensor(oracle[f"mosaic/{mosaic}"], dtype=dtype)[None].requires_grad_()
        pipeline = Parametrised.by(camera, batch_norm=False, dtype=dtype)
        found = pipeline(raw)
        assert off(found, oracle[f"torch/out/{mosaic}/{name}"]) < OUTPUT[dtype]
        loss = ((found - 0.5) ** 2).mean()
        assert off_share(loss, oracle[f"torch/loss1/{mosaic}/{name}"]) < OUTPUT[dtype]
        loss.backward()
        gradients = {one: own.grad for one, own in pipeline.named_parameters()} | {"raw": raw.grad}
        assert set(gradients) == {*SHAPES, "raw"}
        for one, gradient in gradients.items():
            expected = oracle[f"torch/grad1/{one}/{mosaic}/{name}"]
            assert off_share(gradient, expected) < GRADIENT[dtype], one


@dtypes
def test_with_batch_normalisation_too(
    dtype: torch.dtype, oracle: Arrays, cameras: Mapping[str, Camera]
) -> None:
    for mosaic, name, camera in published(cameras):
        pipeline = Parametrised.by(camera, dtype=dtype)
        found = pipeline(torch.tensor(oracle[f"mosaic/{mosaic}"], dtype=dtype)[None])
        expected = oracle[f"torch/out_bn_train/{mosaic}/{name}"]
        # Divided by a standard deviation of down to 0.05: what was rounded before, grows.
        assert off(found, expected) < 5 * OUTPUT[dtype]
        loss = (found * torch.tensor(oracle[f"torch/weights/{mosaic}"], dtype=dtype)).mean()
        assert off(loss, oracle[f"torch/loss2/{mosaic}/{name}"]) < OUTPUT[dtype]
        loss.backward()
        for one, own in pipeline.named_parameters():
            expected = oracle[f"torch/grad2/{one}/{mosaic}/{name}"]
            assert off_share(own.grad, expected) < GRADIENT[dtype], one


@dtypes
def test_stages_are_the_published_ones(
    dtype: torch.dtype, oracle: Arrays, cameras: Mapping[str, Camera]
) -> None:
    for mosaic, name, camera in published(cameras):
        pipeline = Parametrised.by(camera, batch_norm=False, track_stages=True, dtype=dtype)
        found = pipeline(torch.tensor(oracle[f"mosaic/{mosaic}"], dtype=dtype)[None])
        assert list(pipeline.stages) == STAGES
        for stage in ("demosaic", "color_correct", "gaussian"):
            expected = oracle[f"torch/stage/{stage}/{mosaic}/{name}"]
            assert off(pipeline.stages[stage], expected) < OUTPUT[dtype], stage
        assert off(found, oracle[f"torch/out/{mosaic}/{name}"]) < OUTPUT[dtype], "as without stages"


def test_the_gradient_of_a_stage_can_be_asked_for() -> None:
    pipeline = Parametrised.by(DRONE, additive=(6, 8), track_stages=True)
    pictures = pipeline(batch(2, 6, 8, torch.float32))
    for stage in pipeline.stages.values():
        stage.retain_grad()
    pictures.square().mean().backward()
    assert list(pipeline.stages) == [*STAGES, "noise"]
    for stage in pipeline.stages.values():
        assert stage.grad is not None
        assert tuple(stage.grad.shape) == (2, 3, 6, 8)
        assert stage.grad.abs().max() > 0


def test_stages_are_kept_on_request_alone() -> None:
    pipeline = Parametrised.by(DRONE)
    pipeline(batch(1, 6, 8, torch.float32))
    assert pipeline.stages == {}


def test_132_parameters_have_the_published_names_and_shapes() -> None:
    pipeline = Parametrised.by(MICROSCOPY)
    assert {name: tuple(one.shape) for name, one in pipeline.named_parameters()} == SHAPES
    assert sum(one.numel() for one in pipeline.parameters()) == 132
    assert set(pipeline.state_dict()) - set(SHAPES) == {
        "batch_norm.running_mean", "batch_norm.running_var", "batch_norm.num_batches_tracked",
    }  # fmt: skip


def test_parameters_are_saved_and_read_back() -> None:
    trained = Parametrised.by(DRONE, additive=(7, 9))
    with torch.no_grad():
        for one in trained.parameters():
            one += 0.01 * torch.rand_like(one)
    trained(batch(2, 7, 9, torch.float32))
    file = BytesIO()
    torch.save(trained.state_dict(), file)
    file.seek(0)
    again = Parametrised.by(REFERENCE, additive=(7, 9))
    again.load_state_dict(torch.load(file))
    raw = batch(3, 7, 9, torch.float32)
    assert torch.equal(again.eval()(raw), trained.eval()(raw))


def test_constants_of_published_files_are_passed_over() -> None:
    state = Parametrised.by(DRONE).state_dict()
    state |= {"M_RGB_2_YUV": torch.eye(3), "M_YUV_2_RGB": torch.eye(3)}
    whole = torch.nn.Sequential(Parametrised.by(REFERENCE))
    whole.load_state_dict({f"0.{name}": one for name, one in state.items()})
    assert torch.equal(whole[0].white_balance, state["white_balance"])
    assert len(state) == 12, "the caller's own is left alone"


@pytest.mark.parametrize("size", [(6, 8), (7, 5)])
def test_a_grey_mosaic_stays_grey_to_the_last_pixel_but_for_the_published_border(
    size: tuple[int, int],
) -> None:
    camera = Camera(white_balance=(1, 1, 1))
    mosaic = torch.full((1, *size), 0.25)
    pictures = {
        published: Parametrised(camera, batch_norm=False, published_border=published)(mosaic)
        for published in (True, False)
    }
    flat = torch.full((1, 3, *size), 0.25 ** (1 / 2.2))
    torch.testing.assert_close(pictures[False], flat, atol=2e-5, rtol=0)
    torch.testing.assert_close(
        pictures[True][..., 3:-3, 3:-3], flat[..., 3:-3, 3:-3], atol=2e-5, rtol=0
    )
    assert (pictures[True][0, :, 0] > 0.6).all()


@pytest.mark.parametrize("size", [(2, 2), (2, 7), (5, 3), (33, 40)])
@pytest.mark.parametrize("cfa", CFA)
def test_any_size_and_pattern_is_developed_as_the_static_pipeline_does(
    size: tuple[int, int], cfa: CFA
) -> None:
    """Inside: at the border the sharpening sees zeros, as published."""
    camera = replace(DRONE, black_level=(0.06, 0.05, 0.04, 0.03), cfa=cfa)
    raw = batch(2, *size)
    found = Parametrised.by(camera, batch_norm=False, dtype=torch.float64)(raw)
    assert tuple(found.shape) == (2, 3, *size)
    for mosaic, picture in zip(raw.numpy(), found.detach().numpy(), strict=True):
        static = develop(
            mosaic,
            black_level=camera.black_level,
            white_balance=camera.white_balance,
            colour_matrix=camera.colour_matrix,
            cfa=cfa,
        )
        linear = picture.transpose(1, 2, 0) ** 2.2
        difference = np.abs(linear - (static**2.2).clip(1e-5))[3:-3, 3:-3]
        assert difference.max(initial=0) < 1e-5, "the published blur has five digits"


@pytest.mark.parametrize("cfa", CFA)
def test_a_flat_colour_stays_flat_inside(cfa: CFA) -> None:
    raw = torch.tensor(flat((0.4, 0.2, 0.1), 11, 13, cfa))[None]
    camera = Camera(cfa=cfa)
    found = Parametrised.by(camera, batch_norm=False, dtype=torch.float64)(raw)[0, :, 3:-3, 3:-3]
    expected = torch.tensor([0.4, 0.2, 0.1], dtype=torch.float64).reshape(3, 1, 1) ** (1 / 2.2)
    assert (found - expected).abs().max() < 2e-5


def test_a_batch_is_what_each_is_alone() -> None:
    pipeline = Parametrised.by(DRONE, batch_norm=False, dtype=torch.float64)
    raw = batch(4, 9, 12)
    alone = torch.cat([pipeline(one[None]) for one in raw])
    assert (pipeline(raw) - alone).abs().max() < 1e-13


def test_an_additive_layer_starts_as_nothing_and_learns() -> None:
    raw = batch(2, 7, 9, torch.float32)
    pipeline = Parametrised.by(DRONE, batch_norm=False, additive=(7, 9))
    assert torch.equal(pipeline(raw), Parametrised.by(DRONE, batch_norm=False)(raw))
    pipeline(raw).sum().backward()
    layer = pipeline.additive_layer
    assert layer is not None
    assert layer.grad is not None
    assert torch.equal(layer.grad, torch.full((1, 3, 7, 9), 2.0))


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("gamma", [1.2, 4.0])
@pytest.mark.parametrize("camera", [DRONE, MICROSCOPY, Camera()], ids=["drone", "micro", "none"])
def test_black_and_white_have_finite_gradients(value: float, gamma: float, camera: Camera) -> None:
    raw = torch.full((2, 6, 7), value).requires_grad_()
    pipeline = Parametrised.by(replace(camera, gamma=gamma))
    pipeline(raw).square().sum().backward()
    for one in (*(own.grad for own in pipeline.parameters()), raw.grad):
        assert one is not None
        assert one.isfinite().all()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (torch.ones(4, 4), "float32 (4, 4): give a batch, (n, height, width)"),
        (torch.ones(1, 3, 4, 4), "float32 (1, 3, 4, 4): give a batch, (n, height, width)"),
        (torch.ones(1, 1, 4), "float32 (1, 1, 4): give at least 2 rows and 2 columns"),
        (
            torch.ones(1, 4, 4, dtype=torch.uint8),
            "uint8 (1, 4, 4): give float32 or float64, where 1 is the full scale",
        ),
    ],
)
def test_what_is_no_batch_of_mosaics_is_refused(raw: Tensor, said: str) -> None:
    with pytest.raises(ImageError) as caught:
        Parametrised.by(DRONE)(raw)
    assert str(caught.value) == f"develop: the mosaics are {said}"


def test_mosaics_of_another_dtype_than_the_parameters_are_refused() -> None:
    with pytest.raises(ImageError) as caught:
        Parametrised.by(DRONE)(torch.ones(1, 4, 4, dtype=torch.float64))
    assert str(caught.value) == (
        "develop: the mosaics are float64, the parameters float32: give both the same"
    )


def test_an_additive_layer_of_another_size_is_refused() -> None:
    with pytest.raises(SettingsError) as caught:
        Parametrised.by(DRONE, additive=(256, 256))(torch.ones(1, 4, 6))
    assert str(caught.value) == (
        "the additive layer is 256 × 256, the mosaics are 4 × 6: make it with additive=(4, 6)"
    )
