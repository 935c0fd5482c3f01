"""The generator: its shapes, its size, and what it cannot see."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, instance_norm, pad, relu

from raydrift.gan.cyclegan.generator import make_generator


def new(channels: int = 3, width: int = 8, blocks: int = 1) -> nn.Module:
    return make_generator(channels, width, blocks, torch.Generator().manual_seed(5))


@pytest.mark.parametrize(("blocks", "parameters"), [(9, 11_378_179), (6, 7_837_699)])
def test_the_published_networks_have_as_many_parameters(blocks: int, parameters: int) -> None:
    network = make_generator(3, 64, blocks, None)
    assert sum(weight.numel() for weight in network.parameters()) == parameters


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(8, 8), (32, 48), (64, 64)])
def test_images_keep_their_shape_and_are_between_minus_one_and_one(
    channels: int, size: tuple[int, int]
) -> None:
    made = new(channels)(torch.randn(2, channels, *size))
    assert made.shape == (2, channels, *size)
    assert made.abs().max() <= 1


def test_layers_have_the_published_shapes() -> None:
    shapes = []
    network = make_generator(3, 16, 2, None)
    for part in network.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            part.register_forward_hook(lambda _, __, made: shapes.append(tuple(made.shape[1:])))
    network(torch.zeros(1, 3, 64, 64))
    outside = [(16, 64, 64), (32, 32, 32), (64, 16, 16)]
    assert shapes == [*outside, *[(64, 16, 16)] * 4, *outside[1::-1], (3, 64, 64)]


def test_it_is_the_published_function() -> None:
    """Written once more, layer by layer, with larger weights so that each layer counts."""
    network = new(width=4, blocks=2).double()
    weights = [10 * weight.detach() for weight in network.parameters()]
    for parameter, weight in zip(network.parameters(), weights, strict=True):
        parameter.data = weight if weight.ndim > 1 else torch.randn_like(weight)
    layers = iter(network.parameters())

    def convolved(x: Tensor, edge: int = 0, **how: int) -> Tensor:
        return conv2d(pad(x, [edge] * 4, mode="reflect"), next(layers), next(layers), **how)

    def doubled(x: Tensor) -> Tensor:
        how = {"stride": 2, "padding": 1, "output_padding": 1}
        return conv_transpose2d(x, next(layers), next(layers), **how)  # type: ignore[arg-type]

    image = torch.rand(2, 3, 16, 24, dtype=torch.float64) * 2 - 1
    x = relu(instance_norm(convolved(image, 3)))
    for _ in range(2):
        x = relu(instance_norm(convolved(x, stride=2, padding=1)))
    for _ in range(2):
        change = relu(instance_norm(convolved(x, 1)))
        x = x + instance_norm(convolved(change, 1))
    for _ in range(2):
        x = relu(instance_norm(doubled(x)))
    torch.testing.assert_close(network(image), convolved(x, 3).tanh())


def test_weights_are_drawn_from_the_given_generator_alone() -> None:
    torch.manual_seed(1)
    first = new(width=32)
    after = torch.random.get_rng_state()
    torch.manual_seed(2)
    second = new(width=32)
    torch.manual_seed(1)
    assert torch.equal(after, torch.random.get_rng_state())
    for weight, same in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(weight, same)
    weights = torch.cat([w.flatten() for w in first.parameters() if w.ndim > 1])
    assert weights.mean().item() == pytest.approx(0, abs=1e-4)
    assert weights.std().item() == pytest.approx(0.02, rel=0.01)
    assert not any(bias.any() for bias in first.parameters() if bias.ndim == 1)


def test_an_image_does_not_see_the_others_of_its_batch() -> None:
    network = new().double()
    images = torch.randn(3, 3, 16, 16, dtype=torch.float64)
    alone = torch.cat([network(image[None]) for image in images])
    torch.testing.assert_close(network(images), alone, rtol=1e-10, atol=1e-12)


def test_brightness_and_contrast_of_an_image_are_not_seen() -> None:
    """Borders are reflected, so a constant stays one up to the first normalisation."""
    network = new().double()
    image = torch.rand(1, 3, 32, 32, dtype=torch.float64) * 2 - 1
    changed = network(0.5 * image + 0.3)
    torch.testing.assert_close(changed, network(image), rtol=0, atol=2e-3)
    assert (network(image.flip(2)) - network(image)).abs().max() > 0.05


def test_residual_blocks_without_weights_change_nothing() -> None:
    image = torch.randn(1, 3, 32, 32)
    network, shorter = new(blocks=3), new(blocks=1)
    weights = network.state_dict()
    for name, weight in weights.items():
        if name.startswith("residual"):
            weight.zero_()
    shorter.load_state_dict({name: weights[name] for name in shorter.state_dict()})
    assert torch.equal(network(image), shorter(image))
