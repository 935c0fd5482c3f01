"""The training of a CycleGAN, step by step (Zhu et al. 2017)."""

from collections.abc import Mapping
from copy import deepcopy
from itertools import chain
from math import ceil
from typing import Any, Final

import torch
from torch import Tensor, nn

from raydrift.gan.averaging import Averaged
from raydrift.gan.cyclegan.description import check_same_networks, description_of
from raydrift.gan.cyclegan.generator import Generator
from raydrift.gan.cyclegan.loading import Pairs, steps_of
from raydrift.gan.cyclegan.losses import (
    adversarial_loss,
    cycle_loss,
    discriminator_loss,
    identity_loss,
)
from raydrift.gan.cyclegan.networks import Networks, check_earlier
from raydrift.gan.cyclegan.pool import Pool
from raydrift.gan.cyclegan.schedule import rate_share
from raydrift.gan.cyclegan.tally import Tally
from raydrift.gan.draws import Purpose, step_numbers
from raydrift.gan.replicas import Replicas
from raydrift.gan.trainer import Pictures, Pixels
from raydrift.settings.translate import DIRECTIONS, TranslateSettings

LOSSES: Final = (
    "generator",
    "gan_to_target",
    "gan_to_source",
    "cycle",
    "identity",
    "discriminator_source",
    "discriminator_target",
)
"""Names of the losses; ``generator`` is the sum of the four that follow it."""

_BETAS: Final = (0.5, 0.999)
_HALF_LIFE: Final = 1000.0  # images that a generator translated
_RAMP: Final = 0.05  # of those that it translated so far


class CycleGanTrainer:
    """Trains both generators and both discriminators of a CycleGAN; a ``Trainer``.

    In a step the generators translate there and back, and one Adam moves them. Then the
    discriminators see real images and those of a pool, and another Adam moves them.

    Each generator is averaged, for samples. The half-life of the average is 1,000 images that the
    generator translated, and at most 0.05 of all that it translated so far. So the first weights
    are soon forgotten, and a short training has samples worth looking at.

    With several workers, each has to take every step. The translated images of all workers go into
    pools that are equal on all of them, so the discriminators see the same whatever their number.

    On a CPU, with as many threads, a training that is continued has bit for bit the weights of one
    without a break. GPUs add up some gradients in any order.

    Args:
        settings: Of the run.
        source: The images of the domain to translate from, kept at ``load_size``.
        target: Those of the domain to translate into, likewise.
        replicas: This process among those that train together.
        device: Where the networks are.
        seed: Of all draws; None: the run's.

    Raises:
        SettingsError: A domain is empty, or workers cannot share a batch equally.
    """

    def __init__(
        self,
        settings: TranslateSettings,
        source: Pictures,
        target: Pictures,
        *,
        replicas: Replicas | None = None,
        device: str = "cpu",
        seed: int | None = None,
    ) -> None:
        train = settings.train
        self._settings = settings
        self._description = description_of(settings)
        self._replicas = replicas or Replicas()
        self._device = torch.device(device)
        self._seed = settings.run.seed if seed is None else seed
        self._share = self._replicas.share(train.batch_size)
        self._pairs = Pairs(
            source, target, settings.run.image, settings.channels, train.batch_size, self._seed
        )
        self._save_steps = steps_of(train, self._pairs.larger)[1]
        self._pools = [Pool(settings.cyclegan.pool) for _ in DIRECTIONS]
        self._steps_done = 0
        self._images_seen = 0
        self._rate_factor = 1.0
        self._tally = Tally()
        self._begin(None)

    def _begin(self, earlier: Mapping[str, Generator] | None) -> None:
        """New networks and optimisers; the generators take the weights of earlier ones."""
        networks = Networks(self._description, self._seed)
        for name, network in (earlier or {}).items():
            networks.get_submodule(name).load_state_dict(network.state_dict())
        self._networks = networks.to(self._device)
        self._averages = {
            name: Averaged(network) for name, network in self._networks.generators().items()
        }
        train = self._settings.train
        self._generator_adam = _adam(self._networks.generators(), train.generator_rate)
        self._discriminator_adam = _adam(self._networks.discriminators(), train.discriminator_rate)

    @property
    def steps_done(self) -> int:
        """Steps that were trained."""
        return self._steps_done

    @property
    def images_seen(self) -> int:
        """Real images that were shown, of both domains and over all workers."""
        return self._images_seen

    @property
    def steps(self) -> int:
        """Steps of the whole training, those of an earlier one with another batch among them."""
        train = self._settings.train
        left = max(0, 2 * train.epochs * self._pairs.larger - self._images_seen)
        return self._steps_done + ceil(left / (2 * train.batch_size))

    @property
    def save_steps(self) -> int:
        """Steps from one save to the next."""
        return self._save_steps

    def step(self) -> None:
        """Trains one step.

        Raises:
            SettingsError: The images are not kept at ``load_size``.
        """
        train = self._settings.train
        source, target = map(self._floats, self._pairs.take(self._steps_done, self._share))
        self._set_rates()
        generating, to_target, to_source = self._train_generators(source, target)
        discriminating = self._train_discriminators(source, target, to_target, to_source)
        losses = torch.stack([*generating, *discriminating])
        self._tally.add(LOSSES, self._replicas.mean(losses))
        self._steps_done += 1
        self._images_seen += 2 * train.batch_size
        half_life = min(_HALF_LIFE, _RAMP * self._images_seen / 2)
        for name, network in self._networks.generators().items():
            self._averages[name].update(network, train.batch_size, half_life)

    def _train_generators(
        self, source: Tensor, target: Tensor
    ) -> tuple[list[Tensor], Tensor, Tensor]:
        """Moves the generators; returns their losses and the images that they translated."""
        networks, weights = self._networks, self._settings.cyclegan
        count, cycle, identity = len(source), weights.lambda_cycle, weights.lambda_identity
        for network in networks.discriminators().values():
            network.requires_grad_(False)
        # One call translates one domain and is shown the other for the identity loss: images of a
        # batch do not see each other.
        kept = cycle * identity > 0
        from_source = torch.cat([source, target]) if kept else source
        from_target = torch.cat([target, source]) if kept else target
        to_target, same_target = _split(self._run(networks.to_target, from_source), count)
        to_source, same_source = _split(self._run(networks.to_source, from_target), count)
        losses = [
            adversarial_loss(self._run(networks.of_target, to_target)),
            adversarial_loss(self._run(networks.of_source, to_source)),
            cycle_loss(source, self._run(networks.to_source, to_target), cycle)
            + cycle_loss(target, self._run(networks.to_target, to_source), cycle),
            identity_loss(target, same_target, cycle, identity)
            + identity_loss(source, same_source, cycle, identity)
            if kept
            else source.new_zeros(()),
        ]
        total = torch.stack(losses).sum()
        self._move(self._generator_adam, total)
        return [total, *losses], to_target.detach(), to_source.detach()

    def _train_discriminators(
        self, source: Tensor, target: Tensor, to_target: Tensor, to_source: Tensor
    ) -> list[Tensor]:
        """Moves the discriminators; returns their losses."""
        losses = []
        judged = ((source, to_source), (target, to_target))
        networks = self._networks.discriminators().values()
        for number, (network, (real, translated)) in enumerate(zip(networks, judged, strict=True)):
            network.requires_grad_(True)
            numbers = step_numbers(self._seed, self._steps_done, Purpose.POOL, number)
            shown = self._pools[number].exchange(self._replicas.gather(translated), numbers)
            scores = self._run(network, torch.cat([real, shown[self._share]]))
            losses.append(discriminator_loss(*_split(scores, len(real))))
        self._move(self._discriminator_adam, torch.stack(losses).sum())
        return losses

    def _move(self, adam: torch.optim.Adam, loss: Tensor) -> None:
        """One step of an optimiser, along the mean gradients of all workers."""
        adam.zero_grad()
        torch.autograd.backward(loss)
        self._replicas.average_gradients(adam.param_groups[0]["params"])
        adam.step()

    def _run(self, network: nn.Module, images: Tensor) -> Tensor:
        """What a network makes of images, in the precision of the training."""
        low = self._settings.train.precision == "bfloat16"
        with torch.autocast(self._device.type, torch.bfloat16, enabled=low):
            made: Tensor = network(images)
        return made.to(images.dtype)

    def _floats(self, pixels: Pixels) -> Tensor:
        """Pixels as the networks see them, in [-1, 1], of shape (n, channels, height, width)."""
        placed = torch.from_numpy(pixels).to(self._device).permute(0, 3, 1, 2)
        return placed.to(torch.get_default_dtype()) / 127.5 - 1

    def _rate(self) -> float:
        """What learning rates are multiplied by in the next step."""
        decay = self._settings.cyclegan.decay
        return self._rate_factor * rate_share(self._steps_done, self.steps, decay)

    def _set_rates(self) -> None:
        train, share = self._settings.train, self._rate()
        for adam, rate in (
            (self._generator_adam, train.generator_rate),
            (self._discriminator_adam, train.discriminator_rate),
        ):
            adam.param_groups[0]["lr"] = share * rate

    def losses(self) -> dict[str, float]:
        """Means over the steps since they were asked for last, and over all workers.

        Returns:
            ``LOSSES`` as they are in the sum, weights applied, and ``rate``, the generators'
            learning rate in the last step. Empty if there was no step. A worker may ask alone.
        """
        means = self._tally.take()
        if means:
            means["rate"] = float(self._generator_adam.param_groups[0]["lr"])
        return means

    def state(self) -> dict[str, Any]:
        """All that the next step depends on; nothing is drawn from generators that have a state.

        Returns:
            Tensors, numbers and text alone. The tensors are those of the training: save them, or
            copy them, before the next step.
        """
        return {
            "description": self.description(),
            "networks": self._networks.state_dict(),
            "averages": {name: one.state_dict() for name, one in self._averages.items()},
            "generator_adam": self._generator_adam.state_dict(),
            "discriminator_adam": self._discriminator_adam.state_dict(),
            "pools": [pool.state_dict() for pool in self._pools],
            "steps_done": self._steps_done,
            "images_seen": self._images_seen,
            "rate_factor": self._rate_factor,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Continues from a state.

        Raises:
            SettingsError: It is of other networks; the message says which settings differ.
        """
        check_same_networks(state.get("description", {}), self._description)
        self._networks.load_state_dict(state["networks"])
        for name, average in self._averages.items():
            average.load_state_dict(state["averages"][name])
        # Adam would go on in the tensors of the state itself.
        self._generator_adam.load_state_dict(deepcopy(state["generator_adam"]))
        self._discriminator_adam.load_state_dict(deepcopy(state["discriminator_adam"]))
        for pool, images in zip(self._pools, state["pools"], strict=True):
            pool.load_state_dict(images, self._device)
        self._steps_done = state["steps_done"]
        self._images_seen = state["images_seen"]
        self._rate_factor = state["rate_factor"]
        self._tally = Tally()

    def start_from(self, generators: Mapping[str, nn.Module]) -> None:
        """Takes the weights of earlier generators; discriminators and optimisers begin anew.

        Args:
            generators: ``to_target`` and ``to_source``, as of ``generators``.

        Raises:
            SettingsError: One is missing, or of another size; the message says what differs.
        """
        self._begin(check_earlier(generators, self._description))

    def scale_rates(self, factor: float) -> None:
        """Multiplies both learning rates from the next step on, and for the whole training."""
        self._rate_factor *= factor

    def generators(self) -> dict[str, Generator]:
        """The averaged generators, ``to_target`` and ``to_source``, in evaluation mode."""
        return {name: average.network for name, average in self._averages.items()}

    def description(self) -> dict[str, Any]:
        """What the networks are; ``generator_of`` makes a generator of it again."""
        return dict(self._description)


def _adam(networks: Mapping[str, nn.Module], rate: float) -> torch.optim.Adam:
    weights = chain.from_iterable(network.parameters() for network in networks.values())
    return torch.optim.Adam(weights, lr=rate, betas=_BETAS, fused=True)


def _split(both: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The first images of a batch, and the others."""
    return both[:count], both[count:]
