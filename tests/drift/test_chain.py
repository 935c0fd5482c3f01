from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raydrift import schemas
from raydrift.drift import SampledTransform, apply_chain, drift_image
from raydrift.drift.written import read_back, written
from raydrift.images.codec import RGB, decode
from raydrift.images.scenes import draw_scene
from raydrift.settings import ImageSettings
from raydrift.transforms import DriftProfile, ImageTransform, TransformInfo, transform_class
from raydrift.transforms.catalogue import published

OF_ONE_IMAGE = [one for one in ImageTransform if not published(one).blends]
EVERY_TRANSFORM = [TransformInfo(transform, 0.6) for transform in OF_ONE_IMAGE]

README = [
    TransformInfo(ImageTransform.ROTATE, 0.9),
    TransformInfo(ImageTransform.BRIGHTNESS, 0.3),
    TransformInfo(ImageTransform.CONTRAST, 0.1),
    TransformInfo(ImageTransform.HUE, 0.1),
    TransformInfo(ImageTransform.SATURATION, 0.5),
    TransformInfo(ImageTransform.GAUSSIAN_BLUR, 0.1),
    TransformInfo(ImageTransform.GAUSSIAN_NOISE, 1.0),
]

CHAINS = st.lists(
    st.builds(TransformInfo, st.sampled_from(OF_ONE_IMAGE), st.floats(0, 1)), max_size=5
)
NUMBERS = st.integers(0, 2**64 - 1)


@pytest.fixture(scope="module", params=["scenes", "photos"])
def image(request: pytest.FixtureRequest) -> RGB:
    folder: Path = request.getfixturevalue(request.param)
    file = next(file for file in sorted(folder.rglob("*")) if file.is_file())
    return decode(file.read_bytes(), ImageSettings(96, 128))


SMALL = draw_scene("boat", seed=0, index=0, height=24, width=33)


class TestLevel0:
    @pytest.mark.parametrize("transform", ImageTransform)
    def test_leaves_every_pixel_as_it_is(self, image: RGB, transform: ImageTransform) -> None:
        drifted, drawn = drift_image(image, [TransformInfo(transform, 0.0)], seed=1, sample_id=2)
        assert (drifted == image).all()
        assert [one.parameters for one in drawn] == [{}]

    def test_leaves_the_rest_of_a_chain_alone(self, image: RGB) -> None:
        blur, still = (TransformInfo(ImageTransform.GAUSSIAN_BLUR, level) for level in (0.5, 0.0))
        with_it, _ = drift_image(image, [blur, still], seed=1, sample_id=2)
        without, _ = drift_image(image, [blur], seed=1, sample_id=2)
        assert (with_it == without).all()

    def test_no_transforms_leave_every_pixel_as_it_is(self, image: RGB) -> None:
        drifted, drawn = drift_image(image, [], seed=1, sample_id=2)
        assert (drifted == image).all()
        assert drawn == []


@pytest.mark.parametrize(
    "transform",
    [one for one in OF_ONE_IMAGE if one == "gaussian_noise" or 0 not in published(one).jumps()],
)
def test_the_smallest_level_there_is_changes_nothing_but_noises_mean(
    image: RGB, transform: ImageTransform
) -> None:
    """Those that begin with a jump say so."""
    drifted, _ = drift_image(image, [TransformInfo(transform, 5e-324)], seed=1, sample_id=2)
    shift = 0.1 * 255 if transform is ImageTransform.GAUSSIAN_NOISE else 0
    assert np.abs(drifted - np.clip(image + shift, 0, 255)).max() <= 0.5


@pytest.mark.parametrize(
    "transform",
    [
        one
        for one in OF_ONE_IMAGE
        if one not in ("jpeg_compression", "isp", "isp_exposure", "isp_noise", "isp_bits")
    ],
)
def test_a_profile_that_spans_nothing_changes_nothing(transform: ImageTransform) -> None:
    nothing = DriftProfile(
        rotate={"degrees": 0},
        brightness={"span": 0},
        contrast={"span": 0},
        saturation={"span": 0},
        hue={"turns": 0},
        gaussian_blur={"sigma": 0},
        gaussian_noise={"mean": 0, "sigma": 0},
        motion_blur={"length": 0},
        defocus_blur={"radius": 0},
        pixelate={"least": 1},
        occlusion={"area": 0},
        shear={"degrees": 0},
        affine={"rotate": 0, "shift_x": 0, "shift_y": 0, "zoom_low": 1, "zoom_high": 1},
        channel_shift={"levels": 0},
        isp_black_level={"span": 0},
        isp_white_balance={"stops": 0},
        isp_colour_matrix={"share": 0},
        isp_gamma={"stops": 0},
        isp_sharpen={"amount": 0},
        isp_denoise={"sigma": 0},
        isp_demosaic={"share": 0},
    )
    info = TransformInfo(transform, 0.4)
    drifted, _ = drift_image(SMALL, [info], seed=1, sample_id=2, profile=nothing)
    assert (drifted == SMALL).all()


class TestSameBytes:
    def test_come_whatever_was_drawn_before(self, image: RGB) -> None:
        first, _ = drift_image(image, EVERY_TRANSFORM, seed=1, sample_id=5)
        for sample_id in (9, 0, 5, 3):
            drift_image(image, README, seed=sample_id, sample_id=sample_id)
        again, _ = drift_image(image, EVERY_TRANSFORM, seed=1, sample_id=5)
        assert (first == again).all()

    def test_come_in_whichever_order_samples_are_made(self, image: RGB) -> None:
        def made(order: list[int]) -> dict[int, bytes]:
            return {
                sample_id: drift_image(image, README, seed=1, sample_id=sample_id)[0].tobytes()
                for sample_id in order
            }

        assert made([0, 1, 2, 3, 4]) == made([3, 0, 4, 2, 1])

    def test_come_whatever_numpys_global_seed_is(self, image: RGB) -> None:
        results = set()
        for seed in (0, 1):
            np.random.seed(seed)
            results.add(drift_image(image, README, seed=1, sample_id=5)[0].tobytes())
        assert len(results) == 1

    @given(CHAINS, CHAINS, NUMBERS, NUMBERS)
    @settings(max_examples=50)
    def test_come_from_the_first_transforms_whatever_follows(
        self, chain: list[TransformInfo], more: list[TransformInfo], seed: int, sample_id: int
    ) -> None:
        halfway, first = drift_image(SMALL, chain, seed=seed, sample_id=sample_id)
        whole, drawn = drift_image(SMALL, chain + more, seed=seed, sample_id=sample_id)
        assert drawn[: len(chain)] == first
        if not more:
            assert (whole == halfway).all()


class TestDifferentBytes:
    @pytest.mark.parametrize(
        "transform",
        [
            one
            for one in OF_ONE_IMAGE
            if (transform_class(one).draws or one is ImageTransform.DEFAULT)
            and one is not ImageTransform.ISP_DEMOSAIC  # which draws one of two
        ],
    )
    @pytest.mark.parametrize("other", [{"seed": 2}, {"sample_id": 6}])
    def test_come_from_another_seed_or_sample(
        self, image: RGB, transform: ImageTransform, other: dict[str, Any]
    ) -> None:
        chain = [TransformInfo(transform, 0.8)]
        one, _ = drift_image(image, chain, seed=1, sample_id=5)
        two, _ = drift_image(image, chain, **({"seed": 1, "sample_id": 5} | other))
        assert (one != two).any()

    @pytest.mark.parametrize("transform", ["rotate", "brightness", "contrast", "saturation", "hue"])
    def test_come_from_two_transforms_of_one_kind_at_two_positions(self, transform: str) -> None:
        info = TransformInfo(ImageTransform(transform), 0.8)
        _, (first, second) = drift_image(SMALL, [info, info], seed=1, sample_id=5)
        assert first.parameters.keys() == second.parameters.keys()
        assert first.parameters != second.parameters

    def test_come_from_noise_at_two_positions(self) -> None:
        noise = TransformInfo(ImageTransform.GAUSSIAN_NOISE, 0.2)
        grey = np.full((64, 64, 3), 128, np.uint8)
        no_mean = DriftProfile(gaussian_noise={"mean": 0})
        still = TransformInfo(ImageTransform.HUE, 0)
        first, _ = drift_image(grey, [noise], seed=1, sample_id=5, profile=no_mean)
        second, _ = drift_image(grey, [still, noise], seed=1, sample_id=5, profile=no_mean)
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 4 / np.sqrt(first.size)

    def test_come_from_another_order(self, image: RGB) -> None:
        blur, noise = (
            TransformInfo(kind, 0.5)
            for kind in (ImageTransform.GAUSSIAN_BLUR, ImageTransform.GAUSSIAN_NOISE)
        )
        one, _ = drift_image(image, [blur, noise], seed=1, sample_id=5)
        two, _ = drift_image(image, [noise, blur], seed=1, sample_id=5)
        assert (one != two).any()


class TestReplay:
    @given(CHAINS, NUMBERS, NUMBERS)
    @settings(max_examples=50)
    def test_gives_the_drifted_image_again(
        self, chain: list[TransformInfo], seed: int, sample_id: int
    ) -> None:
        drifted, drawn = drift_image(SMALL, chain, seed=seed, sample_id=sample_id)
        assert (apply_chain(SMALL, drawn, seed=seed, sample_id=sample_id) == drifted).all()

    def test_gives_it_again_from_a_row_of_the_provenance(self, image: RGB) -> None:
        drifted, drawn = drift_image(image, EVERY_TRANSFORM, seed=1, sample_id=5)
        (stored,) = pa.array([written(drawn)], schemas.TRANSFORMS).to_pylist()
        read = read_back(stored)
        assert read == drawn
        assert (apply_chain(image, read, seed=1, sample_id=5) == drifted).all()


def test_the_image_is_left_alone(image: RGB) -> None:
    before = image.copy()
    _, drawn = drift_image(image, EVERY_TRANSFORM, seed=1, sample_id=5)
    apply_chain(image, drawn, seed=1, sample_id=5)
    assert (image == before).all()


def test_every_transform_of_the_list_is_reported_in_order() -> None:
    _, drawn = drift_image(SMALL, README, seed=1, sample_id=5)
    assert [one.info for one in drawn] == README


def test_the_transforms_are_applied_one_after_the_other(image: RGB) -> None:
    drifted, drawn = drift_image(image, README, seed=1, sample_id=5)
    step = image
    for position in range(len(drawn)):
        only = [
            SampledTransform(one.info, one.kernel) for one in drawn
        ]  # nothing but this position
        only[position] = drawn[position]
        step = apply_chain(step, only, seed=1, sample_id=5)
    assert (step == drifted).all()


def test_a_profile_changes_what_a_level_spans(image: RGB) -> None:
    chain = [TransformInfo(ImageTransform.ROTATE, 1.0)]
    _, (wide,) = drift_image(image, chain, seed=1, sample_id=5)
    narrow = DriftProfile(rotate={"degrees": 9})
    _, (tenth,) = drift_image(image, chain, seed=1, sample_id=5, profile=narrow)
    assert tenth.parameters["degrees"] == pytest.approx(wide.parameters["degrees"] / 10)


class TestEpochs:
    def test_epoch_0_is_what_a_run_draws(self) -> None:
        plain, drawn = drift_image(SMALL, README, seed=1, sample_id=5)
        first, of_first = drift_image(SMALL, README, seed=1, sample_id=5, epoch=0)
        assert (plain == first).all()
        assert drawn == of_first

    def test_each_epoch_draws_anew_and_replays(self) -> None:
        found = set()
        for epoch in range(4):
            drifted, drawn = drift_image(SMALL, EVERY_TRANSFORM, seed=1, sample_id=5, epoch=epoch)
            again = apply_chain(SMALL, drawn, seed=1, sample_id=5, epoch=epoch)
            assert (again == drifted).all()
            found.add(drifted.tobytes())
        assert len(found) == 4
