"""The networks: sizes, and layers against what they stand for."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d, interpolate, leaky_relu, pad

from raydrift.errors import SettingsError
from raydrift.gan.stylegan.architecture import Architecture, described
from raydrift.gan.stylegan.discriminator import Discriminator, make_discriminator
from raydrift.gan.stylegan.generator import Generator, generator_of, make_generator
from raydrift.gan.stylegan.layers import double_image, smooth, with_weights
from raydrift.gan.stylegan.synthesis import StyledConvolution, ToImage

SMALL = Architecture(16, 16, 3, 256, 32, 24, 2)
FULL = Architecture(256, 256, 3, 16384, 512, 512, 2)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=seeded(seed))


def parameters(network: nn.Module) -> int:
    return sum(one.numel() for one in network.parameters())


def test_networks_at_256_pixels_have_as_many_parameters_as_published() -> None:
    with torch.device("meta"):
        assert parameters(Generator(FULL)) == 23_191_522
        assert parameters(Generator(replace(FULL, mapping_layers=8))) == 24_767_458
        assert parameters(Discriminator(FULL, 4)) == 24_001_089


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 16), (16, 32)])
@pytest.mark.parametrize("classes", [(), ("cat", "dog")])
def test_shapes(height: int, width: int, channels: int, classes: tuple[str, ...]) -> None:
    sizes = Architecture(height, width, channels, 128, 16, 24, 2, classes)
    class_index = torch.tensor([0, 1, 1, 0]) if classes else None
    images = make_generator(sizes, seeded())(normal(4, 24), class_index)
    assert images.shape == (4, channels, height, width)
    assert images.abs().max() <= 1
    scores = make_discriminator(sizes, 4, seeded())(images, class_index)
    assert scores.shape == (4,)
    if classes:
        other = make_discriminator(sizes, 4, seeded())(images, 1 - class_index)
        assert (scores != other).all()


def test_weights_come_from_the_generator_that_is_given() -> None:
    before = torch.get_rng_state()
    first, same, other = (make_generator(SMALL, seeded(seed)) for seed in (3, 3, 4))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(first(normal(2, 24)), same(normal(2, 24)))
    assert not torch.equal(first(normal(2, 24)), other(normal(2, 24)))
    assert (first.mapping.w_avg == 0).all()


def test_a_styled_convolution_is_one_convolution_an_image_with_its_own_weights() -> None:
    for double in (False, True):
        size = (12, 12) if double else (6, 6)
        make = partial(StyledConvolution, 5, 7, 24, size, double)
        layer = with_weights(make, seeded()).double()
        with torch.no_grad():
            layer.bias.normal_(generator=seeded(5))
            layer.noise_strength.fill_(0.3)
        w, inside = normal(3, 24).double(), normal(3, 5, 6, 6).double()
        made = layer(inside, w, None)
        for place in range(3):
            style = layer.style(w[place : place + 1])[0]
            weight = layer.weight * style[:, None, None]
            weight = weight / (weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
            own = inside[place : place + 1]
            if double:
                bigger = conv_transpose2d(own, weight.transpose(0, 1), stride=2)
                wanted = smooth(bigger, 1, gain=4)
            else:
                wanted = conv2d(own, weight, padding=1)
            wanted = wanted + 0.3 * layer.noise + layer.bias[:, None, None]
            torch.testing.assert_close(made[place], 2**0.5 * leaky_relu(wanted, 0.2)[0])


def test_layers_keep_the_variance_that_they_are_given() -> None:
    """At the start all weights are N(0, 1), and what is scaled at run time makes up for it."""
    sizes = Architecture(32, 32, 3, 4096, 128, 128, 2)
    network = make_generator(sizes, seeded())
    w = network.mapping(normal(64, 128))
    assert w.std().item() == pytest.approx(1, abs=0.35)
    layer = with_weights(lambda: StyledConvolution(128, 128, 128, (32, 32), False), seeded())
    outside = layer(normal(8, 128, 32, 32), normal(8, 128), None)
    assert outside.square().mean().item() == pytest.approx(1, abs=0.2)


def test_an_image_style_scales_but_does_not_divide() -> None:
    layer = with_weights(lambda: ToImage(6, 3, 24), seeded())
    inside, w = normal(2, 6, 4, 4), normal(2, 24)
    style = layer.style(w) / 6**0.5
    wanted = torch.einsum("oi,ni,nihw->nohw", layer.weight[:, :, 0, 0], style, inside)
    torch.testing.assert_close(layer(inside, w), wanted)


def test_the_filter_halves_and_doubles() -> None:
    image = normal(2, 3, 8, 8).double()
    doubled = double_image(image)
    bilinear = interpolate(image, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(doubled[:, :, 1:-1, 1:-1], bilinear[:, :, 1:-1, 1:-1])
    taps = torch.tensor([1.0, 3, 3, 1], dtype=torch.float64) / 8
    zeros = torch.zeros(2, 3, 16, 16, dtype=torch.float64)
    zeros[:, :, ::2, ::2] = image
    kernel = (4 * taps[:, None] * taps).expand(3, 1, 4, 4)
    torch.testing.assert_close(doubled, conv2d(pad(zeros, (2, 1, 2, 1)), kernel, groups=3))
    flat = torch.ones(1, 2, 8, 8)
    assert (smooth(flat, 1, stride=2)[:, :, 1:-1, 1:-1] == 1).all()


def test_the_constant_noise_is_a_part_of_the_network_and_other_noise_can_be_given() -> None:
    network = make_generator(SMALL, seeded())
    z = normal(2, 24)
    noise = [normal(2, 1, *size) for size in network.synthesis.noise_sizes()]
    assert network.synthesis.noise_sizes() == [
        (4, 4),
        *[(8, 8)] * 2,
        *[(16, 16)] * 2,
    ]
    assert torch.equal(network(z), network(z, noise=noise))  # its strength is 0 at first
    with torch.no_grad():
        for layer in network.synthesis.convolutions:
            layer.noise_strength.fill_(0.5)
    assert torch.equal(network(z), network(z))
    assert not torch.equal(network(z), network(z, noise=noise))


def test_truncation_goes_to_the_mean_of_the_class() -> None:
    network = make_generator(replace(SMALL, classes=("cat", "dog")), seeded())
    network.mapping.w_avg.copy_(normal(2, 24))
    z, class_index = normal(3, 24), torch.tensor([0, 0, 1])
    means = network(z, class_index, truncation=0.0)
    torch.testing.assert_close(means[0], means[1])
    assert not torch.allclose(means[0], means[2])
    w = network.mapping(z, class_index)
    centre = network.mapping.w_avg[class_index]
    styles = (centre + 0.5 * (w - centre))[:, None].expand(-1, SMALL.styles, -1)
    halfway = network.synthesis(styles).clamp(-1, 1)
    torch.testing.assert_close(network(z, class_index, truncation=0.5), halfway)


def test_the_mean_of_w_follows_each_class_that_is_there() -> None:
    mapping = make_generator(replace(SMALL, classes=("cat", "dog", "hen")), seeded()).mapping
    class_index = torch.tensor([0, 2, 2])
    w = mapping(normal(3, 24), class_index)
    mapping.follow(mapping.totals(w, class_index))
    torch.testing.assert_close(mapping.w_avg[0], 0.005 * w[0])
    torch.testing.assert_close(mapping.w_avg[2], 0.005 * (w[1] + w[2]) / 2)
    assert (mapping.w_avg[1] == 0).all()


def test_images_are_compared_in_their_group_alone() -> None:
    network = make_discriminator(SMALL, 2, seeded())
    images = normal(4, 3, 16, 16)
    changed = images.clone()
    changed[3] = 0
    before, after = network(images), network(changed)
    torch.testing.assert_close(before[:2], after[:2])
    assert not torch.isclose(before[2], after[2])
    alone = make_discriminator(SMALL, 1, seeded())
    torch.testing.assert_close(alone(images)[:3], alone(changed)[:3])


def test_a_network_is_built_from_its_description() -> None:
    sizes = replace(SMALL, classes=("cat", "dog"))
    network = make_generator(sizes, seeded())
    again = generator_of(sizes.description())
    again.load_state_dict(network.state_dict())
    z, class_index = normal(2, 24), torch.tensor([0, 1])
    assert torch.equal(again(z, class_index), network(z, class_index))
    with pytest.raises(SettingsError, match="'cyclegan': give one of kind 'stylegan2'"):
        generator_of({"kind": "cyclegan"})
    with pytest.raises(SettingsError, match="does not say its latent"):
        described({name: value for name, value in sizes.description().items() if name != "latent"})


def test_a_class_is_needed_where_there_are_classes() -> None:
    sizes = replace(SMALL, classes=("cat", "dog"))
    with pytest.raises(ValueError, match="give a class for each latent"):
        make_generator(sizes, None)(normal(1, 24))
    with pytest.raises(ValueError, match="give a class for each image"):
        make_discriminator(sizes, 1, None)(normal(1, 3, 16, 16))


def test_it_can_be_exported_with_a_free_batch() -> None:
    network = make_generator(SMALL, seeded()).eval()
    batch = torch.export.Dim("batch", min=1, max=64)
    exported = torch.export.export(network, (normal(2, 24),), dynamic_shapes={"z": {0: batch}})
    z = normal(5, 24, seed=8)
    torch.testing.assert_close(exported.module()(z), network(z), rtol=0, atol=1e-5)
