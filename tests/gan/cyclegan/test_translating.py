"""Pixels through a generator and back to pixels."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from raydrift.gan.cyclegan.translating import translate_pixels


class Each(nn.Module):
    """A function of a batch of planes, that remembers what it was called with."""

    def __init__(self, function: "type[Tensor] | object") -> None:
        super().__init__()
        self.function, self.seen, self.trained = function, list[Tensor](), list[bool]()

    def forward(self, planes: Tensor) -> Tensor:
        self.seen.append(planes)
        self.trained.append(self.training)
        return self.function(planes)  # type: ignore[operator, no-any-return]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_identity_changes_no_level(channels: int) -> None:
    pixels = np.arange(256 * channels).astype(np.uint8).reshape(1, 16, 16, channels)
    same = translate_pixels(nn.Identity(), pixels)
    assert same.dtype == np.uint8
    np.testing.assert_array_equal(same, pixels)


def test_a_network_sees_one_image_from_minus_one_to_one_in_evaluation_mode() -> None:
    network = Each(lambda planes: -planes)
    pixels = np.stack([np.full((4, 8, 3), level, np.uint8) for level in (0, 51, 255)])
    negative = translate_pixels(network, pixels)
    assert negative[:, 0, 0, 0].tolist() == [255, 204, 0]
    assert [tuple(one.shape) for one in network.seen] == [(1, 3, 4, 8)] * 3
    assert [one[0, 0, 0, 0].item() for one in network.seen] == pytest.approx([-1, -0.6, 1])
    assert network.trained == [False] * 3
    assert network.training, "it is left in the mode that it had"


def test_levels_are_rounded_and_clipped_and_no_number_is_black() -> None:
    values = torch.tensor([-1.1, -1 + 0.49 / 127.5, -1 + 0.51 / 127.5, 7.0, float("nan")])
    network = Each(lambda planes: values.expand(1, 1, 1, 5))
    (found,) = translate_pixels(network, np.zeros((1, 1, 5, 1), np.uint8))
    assert found.ravel().tolist() == [0, 0, 1, 255, 0]
