"""Generated images depend on their latent's key alone."""

import numpy as np
import torch

from raydrift.gan.stylegan.architecture import Architecture
from raydrift.gan.stylegan.generator import Generator, make_generator
from raydrift.gan.stylegan.sampling import class_key, latents, synthesize


def network(channels: int = 3, classes: tuple[str, ...] = ()) -> Generator:
    sizes = Architecture(8, 8, channels, 128, 16, 24, 2, classes)
    return make_generator(sizes, torch.Generator().manual_seed(0)).eval()


def test_a_latent_depends_on_seed_class_and_number() -> None:
    drawn = latents(42, "cat", np.arange(5), 24)
    assert (drawn.shape, drawn.dtype) == ((5, 24), np.float32)
    assert np.array_equal(drawn[3:4], latents(42, "cat", np.array([3]), 24))
    for other in (latents(43, "cat", np.arange(5), 24), latents(42, "dog", np.arange(5), 24)):
        assert (other != drawn).all()
    many = latents(42, "cat", np.arange(500), 24)
    assert abs(many.mean()) < 0.03
    assert abs(many.std() - 1) < 0.03


def test_a_class_is_the_same_number_everywhere() -> None:
    assert class_key("") == 0xB4B2797457A0A6E4  # `printf '' | b2sum -l 64`, from its end
    assert class_key("Käse") != class_key("Kase")
    assert class_key("broken \udcff name") < 2**64


def test_no_latents_are_no_images() -> None:
    assert synthesize(network(), latents(42, "cat", np.arange(0), 24)).shape == (0, 8, 8, 3)


def test_an_image_does_not_depend_on_the_others() -> None:
    generator = network()
    drawn = latents(42, "cat", np.arange(6), 24)
    images = synthesize(generator, drawn)
    assert (images.shape, images.dtype) == ((6, 8, 8, 3), np.uint8)
    assert np.array_equal(synthesize(generator, drawn[4:5])[0], images[4])
    assert np.array_equal(synthesize(generator, drawn[::-1]), images[::-1])


def test_values_are_rounded_and_clipped() -> None:
    generator = network(1)
    drawn = latents(42, "", np.arange(4), 24)
    with torch.no_grad():
        exact = generator(torch.from_numpy(drawn)).numpy()
    wanted = np.rint((exact + 1) * 127.5).transpose(0, 2, 3, 1)
    assert np.abs(synthesize(generator, drawn) - wanted).max() <= 1


def test_a_class_and_truncation_are_passed_on() -> None:
    generator = network(3, ("cat", "dog"))
    drawn = latents(42, "cat", np.arange(2), 24)
    cats, dogs = synthesize(generator, drawn, 0), synthesize(generator, drawn, 1)
    assert (cats != dogs).any()
    mean = synthesize(generator, drawn, 1, truncation=0.0)
    assert np.array_equal(mean[0], mean[1])
