"""The four networks of a CycleGAN."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from raydrift.errors import SettingsError
from raydrift.gan.cyclegan.description import check_same_networks
from raydrift.gan.cyclegan.discriminator import Discriminator, make_discriminator
from raydrift.gan.cyclegan.generator import Generator, make_generator
from raydrift.gan.draws import weight_generator
from raydrift.settings.translate import DIRECTIONS


class Networks(nn.Module):
    """Both generators and both discriminators, with new weights.

    Args:
        description: As of ``description_of``.
        seed: Of the training: the same networks begin on every worker and device.

    Attributes:
        to_target: The generator that translates the source into the target.
        to_source: The other one.
        of_source: The discriminator of the source's images.
        of_target: That of the target's.
    """

    def __init__(self, description: Mapping[str, Any], seed: int) -> None:
        super().__init__()
        channels = description["channels"]
        inside = description["generator_width"], description["blocks"]
        judging = description["discriminator_width"], description["discriminator_layers"]
        first, second, third, fourth = (weight_generator(seed, number) for number in range(4))
        self.to_target = make_generator(channels, *inside, first)
        self.to_source = make_generator(channels, *inside, second)
        self.of_source = make_discriminator(channels, *judging, third)
        self.of_target = make_discriminator(channels, *judging, fourth)

    def generators(self) -> dict[str, Generator]:
        """Both generators, by direction."""
        return dict(zip(DIRECTIONS, (self.to_target, self.to_source), strict=True))

    def discriminators(self) -> dict[str, Discriminator]:
        """Both discriminators, by domain."""
        return {"source": self.of_source, "target": self.of_target}


def check_earlier(
    generators: Mapping[str, nn.Module], description: Mapping[str, Any]
) -> dict[str, Generator]:
    """Makes sure that earlier generators fit the networks of a training.

    Args:
        generators: By direction.
        description: Of the training, as of ``description_of``.

    Returns:
        The generators, by direction.

    Raises:
        SettingsError: One is missing, or of another size; the message says what differs.
    """
    found = {}
    for name in DIRECTIONS:
        network = generators.get(name)
        if not isinstance(network, Generator):
            raise SettingsError(
                f"the model has no generator {name}: give one that translate has trained"
            )
        own = {
            "channels": network.channels,
            "generator_width": network.width,
            "blocks": network.blocks,
        }
        check_same_networks({**description, **own}, description, discriminators=False)
        found[name] = network
    return found
