"""The discriminator: its scores, its size, and how far a score sees."""

import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d, instance_norm, leaky_relu

from raydrift.gan.cyclegan.discriminator import make_discriminator


def test_the_published_network_has_as_many_parameters() -> None:
    network = make_discriminator(3, 64, 3, None)
    assert sum(weight.numel() for weight in network.parameters()) == 2_764_737


@pytest.mark.parametrize(
    ("layers", "side", "scores"),
    [(3, 256, 30), (3, 128, 14), (3, 64, 6), (3, 32, 2), (2, 32, 6), (2, 16, 2), (1, 8, 2)],
)
def test_a_score_for_each_patch(layers: int, side: int, scores: int) -> None:
    network = make_discriminator(1, 4, layers, None)
    assert network(torch.zeros(2, 1, side, side)).shape == (2, 1, scores, scores)


@pytest.mark.parametrize(("layers", "pixels"), [(3, 70), (2, 34), (1, 16)])
def test_a_score_sees_its_patch(layers: int, pixels: int) -> None:
    network = make_discriminator(1, 4, layers, torch.Generator().manual_seed(3))
    for place, part in enumerate(network.layers):
        if isinstance(part, nn.InstanceNorm2d):  # it looks at all of the image
            network.layers[place] = nn.Identity()
    image = torch.randn(1, 1, 128, 128, requires_grad=True)
    scores = network(image)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    assert image.grad is not None
    seen = image.grad[0, 0] != 0
    assert (seen.any(0).sum().item(), seen.any(1).sum().item()) == (pixels, pixels)


def test_it_is_the_published_function() -> None:
    """Written once more, layer by layer."""
    network = make_discriminator(3, 4, 3, torch.Generator().manual_seed(3)).double()
    for bias in (weight for weight in network.parameters() if weight.ndim == 1):
        nn.init.normal_(bias)
    parameters = list(network.parameters())
    assert [tuple(weight.shape[:2]) for weight in parameters[::2]] == [
        (4, 3), (8, 4), (16, 8), (32, 16), (1, 32)
    ]  # fmt: skip
    images = torch.rand(2, 3, 48, 64, dtype=torch.float64) * 2 - 1
    x = images
    for layer, stride in enumerate((2, 2, 2, 1, 1)):
        weight, bias = parameters[2 * layer : 2 * layer + 2]
        x = conv2d(x, weight, bias, stride=stride, padding=1)
        if layer in (1, 2, 3):
            x = instance_norm(x)
        if layer < 4:
            x = leaky_relu(x, 0.2)
    torch.testing.assert_close(network(images), x)


def test_scores_have_no_bounds() -> None:
    network = make_discriminator(3, 4, 2, torch.Generator().manual_seed(3))
    images = torch.randn(1, 3, 32, 32)
    scores = network(images)
    nn.init.constant_(network.layers[-1].bias, 100.0)
    torch.testing.assert_close(network(images), scores + 100)
