from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from raydrift.drift import SampledTransform, sample
from raydrift.seeds import generator
from raydrift.transforms import DriftProfile, ImageTransform, TransformInfo

PUBLISHED = DriftProfile()
SAMPLES = 5000

DRAWN_PER_IMAGE = {
    ImageTransform.ROTATE: "degrees",
    ImageTransform.BRIGHTNESS: "factor",
    ImageTransform.CONTRAST: "factor",
    ImageTransform.SATURATION: "factor",
    ImageTransform.HUE: "turns",
}

BOUNDS = [
    (ImageTransform.ROTATE, 0.1, -9, 9),
    (ImageTransform.ROTATE, 0.5, -45, 45),
    (ImageTransform.ROTATE, 1.0, -90, 90),
    (ImageTransform.BRIGHTNESS, 0.1, 0.7, 1.3),
    (ImageTransform.BRIGHTNESS, 0.5, 0, 2.5),
    (ImageTransform.BRIGHTNESS, 1.0, 0, 4),
    (ImageTransform.CONTRAST, 0.1, 0.7, 1.3),
    (ImageTransform.CONTRAST, 0.5, 0, 2.5),
    (ImageTransform.CONTRAST, 1.0, 0, 4),
    (ImageTransform.SATURATION, 0.05, 0.25, 1.75),
    (ImageTransform.SATURATION, 0.5, 0, 8.5),
    (ImageTransform.SATURATION, 1.0, 0, 16),
    (ImageTransform.HUE, 0.1, -0.05, 0.05),
    (ImageTransform.HUE, 0.5, -0.25, 0.25),
    (ImageTransform.HUE, 1.0, -0.5, 0.5),
]


def drawn(
    transform: ImageTransform, level: float, profile: DriftProfile = PUBLISHED
) -> SampledTransform:
    return sample(TransformInfo(transform, level), generator(0, 0, 0), profile)


def over_samples(
    transform: ImageTransform, level: float, profile: DriftProfile = PUBLISHED, position: int = 0
) -> npt.NDArray[np.float64]:
    """The one parameter of a transform, as drawn for each of 5,000 samples."""
    info, name = TransformInfo(transform, level), DRAWN_PER_IMAGE[transform]
    return np.array(
        [
            sample(info, generator(42, position, sample_id), profile).parameters[name]
            for sample_id in range(SAMPLES)
        ]
    )


@pytest.mark.parametrize(("transform", "level", "least", "most"), BOUNDS)
def test_parameters_are_uniform_between_their_bounds(
    transform: ImageTransform, level: float, least: float, most: float
) -> None:
    values, span = over_samples(transform, level), most - least
    assert stats.kstest(values, "uniform", (least, span)).pvalue > 0.01
    assert least <= values.min() < least + 0.002 * span
    assert most - 0.002 * span < values.max() <= most


def test_what_is_drawn_at_two_positions_is_independent() -> None:
    one, other = (over_samples(ImageTransform.HUE, 1.0, position=position) for position in (0, 1))
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(SAMPLES)


def test_a_level_scales_what_the_same_sample_draws() -> None:
    weak, strong = (over_samples(ImageTransform.ROTATE, level) for level in (0.25, 1.0))
    np.testing.assert_allclose(weak * 4, strong)


@pytest.mark.parametrize(
    ("level", "sigma"), [(0.1, 0.3), (0.25, 0.75), (0.5, 1.5), (0.9, 2.7), (1.0, 3.0)]
)
def test_a_blur_is_not_drawn_but_follows_from_its_level(level: float, sigma: float) -> None:
    parameters = drawn(ImageTransform.GAUSSIAN_BLUR, level).parameters
    assert parameters == {"sigma": pytest.approx(sigma, rel=1e-15), "size": 5}


@pytest.mark.parametrize(("level", "sigma"), [(0.001, 0.0005), (0.1, 0.05), (0.5, 0.25), (1, 0.5)])
def test_noise_has_a_mean_of_a_tenth_and_half_its_level_as_deviation(
    level: float, sigma: float
) -> None:
    parameters = drawn(ImageTransform.GAUSSIAN_NOISE, level).parameters
    assert parameters == {"mean": 0.1, "sigma": sigma}


@pytest.mark.parametrize("transform", ImageTransform)
def test_level_0_draws_nothing(transform: ImageTransform) -> None:
    assert drawn(transform, 0.0).parameters == {}


@pytest.mark.parametrize("transform", ImageTransform)
def test_the_smallest_level_there_is_draws_something(transform: ImageTransform) -> None:
    assert drawn(transform, 5e-324).parameters


@pytest.mark.parametrize("transform", ImageTransform)
def test_what_was_asked_for_is_kept_beside_what_is_done(transform: ImageTransform) -> None:
    one = drawn(transform, 0.7)
    assert one.info == TransformInfo(transform, 0.7)
    if transform is not ImageTransform.DEFAULT:
        assert one.kernel is transform


@pytest.mark.parametrize("transform", ImageTransform)
def test_parameters_are_plain_numbers_or_a_matrix_or_switches(transform: ImageTransform) -> None:
    kinds = {type(value) for value in drawn(transform, 0.7).parameters.values()}
    others = {"isp_colour_matrix": {list}, "isp": {list}, "affine": {bool, str}}
    assert kinds <= {float, int} | others.get(transform, set())


@given(st.sampled_from(list(DRAWN_PER_IMAGE)), st.floats(0, 1), st.integers(0, 2**64 - 1))
def test_no_level_and_no_sample_leaves_the_bounds(
    transform: ImageTransform, level: float, sample_id: int
) -> None:
    half = {"rotate": 90, "brightness": 3, "contrast": 3, "saturation": 15, "hue": 0.5}[transform]
    centre = 0 if transform in ("rotate", "hue") else 1
    least = -np.inf if transform in ("rotate", "hue") else 0
    info = TransformInfo(transform, level)
    for value in sample(info, generator(1, 0, sample_id), PUBLISHED).parameters.values():
        assert max(least, centre - half * level) <= value <= centre + half * level


class TestDefault:
    @pytest.mark.parametrize("level", [0.01, 0.1, 0.49, 0.5])
    def test_up_to_a_half_it_is_the_blur_of_the_same_level(self, level: float) -> None:
        one = drawn(ImageTransform.DEFAULT, level)
        assert one.kernel is ImageTransform.GAUSSIAN_BLUR
        assert one.parameters == drawn(ImageTransform.GAUSSIAN_BLUR, level).parameters

    @pytest.mark.parametrize(
        ("level", "noise_level"), [(0.51, 0.11), (0.6, 0.2), (0.8, 0.4), (0.9, 0.5), (1.0, 0.6)]
    )
    def test_above_it_is_noise_of_a_level_less_by_two_fifths(
        self, level: float, noise_level: float
    ) -> None:
        one = drawn(ImageTransform.DEFAULT, level)
        assert one.kernel is ImageTransform.GAUSSIAN_NOISE
        assert one.parameters == drawn(ImageTransform.GAUSSIAN_NOISE, noise_level).parameters

    def test_it_switches_right_above_a_half(self) -> None:
        assert drawn(ImageTransform.DEFAULT, 0.5).kernel is ImageTransform.GAUSSIAN_BLUR
        above = drawn(ImageTransform.DEFAULT, float(np.nextafter(0.5, 1)))
        assert above.kernel is ImageTransform.GAUSSIAN_NOISE

    @given(st.floats(0, 1))
    def test_every_level_becomes_a_transform_and_a_level(self, level: float) -> None:
        chosen = PUBLISHED[ImageTransform.DEFAULT].resolve(level)
        if level <= 0.5:
            assert chosen == (ImageTransform.GAUSSIAN_BLUR, level)
        else:
            assert chosen == (ImageTransform.GAUSSIAN_NOISE, pytest.approx(level - 0.4, abs=1e-12))

    @pytest.mark.parametrize("transform", [one for one in ImageTransform if one != "default"])
    def test_the_other_transforms_are_what_they_are(self, transform: ImageTransform) -> None:
        assert PUBLISHED[transform].resolve(0.7) == (transform, 0.7)


class TestCustomProfile:
    @pytest.mark.parametrize(
        ("transform", "ranges", "least", "most"),
        [
            (ImageTransform.ROTATE, {"degrees": 10.0}, -5, 5),
            (ImageTransform.BRIGHTNESS, {"span": 0.2}, 0.9, 1.1),
            (ImageTransform.CONTRAST, {"span": 5.0}, 0, 3.5),
            (ImageTransform.SATURATION, {"span": 1.0}, 0.5, 1.5),
            (ImageTransform.HUE, {"turns": 0.1}, -0.05, 0.05),
        ],
    )
    def test_it_sets_what_level_1_spans(
        self, transform: ImageTransform, ranges: Mapping[str, Any], least: float, most: float
    ) -> None:
        values = over_samples(transform, 0.5, DriftProfile(**{str(transform): ranges}))
        assert stats.kstest(values, "uniform", (least, most - least)).pvalue > 0.01

    def test_it_sets_the_blur(self) -> None:
        profile = DriftProfile(gaussian_blur={"sigma": 8, "kernel": 9})
        parameters = drawn(ImageTransform.GAUSSIAN_BLUR, 0.25, profile).parameters
        assert parameters == {"sigma": 2.0, "size": 9}

    def test_it_sets_the_noise(self) -> None:
        profile = DriftProfile(gaussian_noise={"mean": 0, "sigma": 0.2})
        parameters = drawn(ImageTransform.GAUSSIAN_NOISE, 0.5, profile).parameters
        assert parameters == {"mean": 0, "sigma": 0.1}

    def test_it_sets_where_default_switches(self) -> None:
        profile = DriftProfile(default={"switch": 0.25, "noise_offset": 0.125})
        below, above = (drawn(ImageTransform.DEFAULT, level, profile) for level in (0.25, 0.375))
        assert below.kernel is ImageTransform.GAUSSIAN_BLUR
        assert above.kernel is ImageTransform.GAUSSIAN_NOISE
        assert above.parameters == {"mean": 0.1, "sigma": 0.125}

    @pytest.mark.parametrize("transform", list(DRAWN_PER_IMAGE))
    def test_a_span_of_0_draws_the_neutral_parameter(self, transform: ImageTransform) -> None:
        (name,) = PUBLISHED[transform].in_use(1.0, varying=False)
        nothing = DriftProfile(**{str(transform): {name: 0}})
        neutral = 0 if transform in ("rotate", "hue") else 1
        assert drawn(transform, 1.0, nothing).parameters == {DRAWN_PER_IMAGE[transform]: neutral}
