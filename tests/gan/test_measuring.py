"""Networks in training, measured on images that they have not seen."""

import math
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from raydrift.gan.measures import Measure, Pixels, block_means
from raydrift.gan.measuring import (
    MOST_IMAGES,
    RememberedEmbedding,
    synthesis_measures,
    translation_measures,
)
from raydrift.metrics.samples import Rows


def photographs(seed: int, size: int = 40, channels: int = 3) -> Pixels:
    """Blotches of colours that differ from image to image."""
    coarse = np.random.default_rng(seed).integers(0, 200, (size, 4, 4, channels), np.uint8)
    return coarse.repeat(4, axis=1).repeat(4, axis=2)


def brighter(pixels: Pixels) -> Pixels:
    return pixels + 50


class Levels(nn.Module):
    """Adds grey levels."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels

    def forward(self, planes: Tensor) -> Tensor:
        return planes + self.levels / 127.5


def by_name(measures: list[Measure]) -> dict[str, Measure]:
    found = {measure.name: measure for measure in measures}
    assert len(found) == len(measures)
    return found


def translation(
    to_target: nn.Module, to_source: nn.Module, channels: int = 3
) -> dict[str, Measure]:
    source, target = photographs(1, channels=channels), brighter(photographs(2, channels=channels))
    training = brighter(photographs(3, 200, channels))
    return by_name(translation_measures(to_target, to_source, source, target, training, None, 0))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_perfect_translation(channels: int) -> None:
    found = translation(Levels(50), Levels(-50), channels)
    for name in ("gap_closed_pixels", "back_gap_closed_pixels", "diversity_pixels"):
        assert found[name].value == pytest.approx(1, abs=0.1), name
    assert found["cycle_error"] == Measure("cycle_error", 0, 0, 0)
    assert found["memorisation_pixels"].value < 0.1
    real, distance = found["frechet_real_pixels"].value, found["frechet_distance_pixels"].value
    assert distance == pytest.approx(real, rel=0.25)
    assert distance < 0.5 * found["frechet_start_pixels"].value


def test_no_translation_and_one_that_does_not_come_back() -> None:
    none = translation(nn.Identity(), nn.Identity())
    assert none["gap_closed_pixels"].value == none["back_gap_closed_pixels"].value == 0
    assert none["frechet_distance_pixels"].value == none["frechet_start_pixels"].value
    assert translation(Levels(50), nn.Identity())["cycle_error"].value == 50


def test_what_a_network_does_not_see_is_still_seen_by_the_pixels() -> None:
    def blind(pixels: Pixels) -> Rows:
        rows = block_means(pixels)
        return rows - rows.mean(axis=1, keepdims=True)

    sets = photographs(1), brighter(photographs(2)), brighter(photographs(3, 200))
    found = by_name(translation_measures(Levels(50), Levels(-50), *sets, blind, 0))
    assert math.isnan(found["gap_closed_network"].value)
    assert found["gap_closed_pixels"].value == pytest.approx(1, abs=0.1)


def test_a_generator_that_makes_new_images_one_that_copies_and_one_that_collapsed() -> None:
    held_out, training = photographs(1), photographs(2, 200)
    new, copying, collapsed = (
        by_name(synthesis_measures(generate, held_out, training, None, 0))
        for generate in (
            lambda count: photographs(3, count),
            lambda count: training[:count],
            lambda count: photographs(3, 1).repeat(count, axis=0),
        )
    )
    assert new["memorisation_pixels"].value < 0.1
    assert new["diversity_pixels"].value == pytest.approx(1, abs=0.05)
    kernel = new["kernel_distance_pixels"]
    assert kernel.low is not None
    assert kernel.high is not None
    assert kernel.low < 0 < kernel.high
    assert copying["memorisation_pixels"].value == 1
    assert collapsed["diversity_pixels"].value == pytest.approx(0, abs=1e-6)


def test_measures_of_a_network_are_called_so_and_it_sees_rgb_a_few_at_a_time_and_once() -> None:
    asked = []

    def embed(pixels: Pixels) -> Rows:
        asked.append(len(pixels))
        assert pixels.shape[1:] == (16, 16, 3)
        return block_means(pixels)

    held_out, training = photographs(1, channels=1), photographs(2, 200, channels=1)
    known, found = RememberedEmbedding(embed), []
    for save in (3, 4):
        generate = partial(photographs, save, channels=1)
        found.append(by_name(synthesis_measures(generate, held_out, training, known, 0)))
    assert {name.rsplit("_", 1)[1] for name in found[0]} == {"network"}
    assert sum(asked) == 2 * 100 + 40 + 200
    assert max(asked) <= 64
    assert found[0]["frechet_real_network"] == found[1]["frechet_real_network"]


def test_the_same_images_without_a_wrapper_give_the_same() -> None:
    def measured(embed: object) -> list[Measure]:
        return synthesis_measures(
            lambda count: photographs(3, count), photographs(1), photographs(2), embed, 0
        )

    assert measured(block_means) == measured(RememberedEmbedding(block_means))


def test_of_many_held_out_images_some_are_used_and_of_one_nothing_is_measured() -> None:
    made = []

    def generate(count: int) -> Pixels:
        made.append(count)
        return photographs(0, count)

    for held_out in (2, MOST_IMAGES + 7):
        found = synthesis_measures(generate, photographs(1, held_out), photographs(2, 5), None, 0)
        assert all(math.isfinite(one.value) for one in found)
        assert "frechet_real_pixels" not in by_name(found), "too few images in the training"
    assert made == [100, MOST_IMAGES]
    assert synthesis_measures(generate, photographs(1, 1), photographs(2), None, 0) == []
    none = photographs(1, 0)
    assert translation_measures(nn.Identity(), nn.Identity(), none, none, none, None, 0) == []


def test_a_network_that_gives_no_numbers_is_measured_as_black_images() -> None:
    class Broken(nn.Module):
        def forward(self, planes: Tensor) -> Tensor:
            return planes * torch.nan

    found = translation(Broken(), Broken())
    assert all(math.isfinite(one.value) for one in found.values())
    assert found["diversity_pixels"].value == 0
