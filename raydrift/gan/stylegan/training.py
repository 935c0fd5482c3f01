"""The training of a StyleGAN2 with adaptive augmentation, step by step."""

from collections.abc import Mapping, Sequence
from math import ceil, isfinite, nan
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from raydrift.errors import SettingsError
from raydrift.gan.adaptive.control import AugmentationControl
from raydrift.gan.adaptive.parameters import Augmentations
from raydrift.gan.averaging import Averaged
from raydrift.gan.draws import weight_generator
from raydrift.gan.replicas import Replicas
from raydrift.gan.stylegan.architecture import architecture_of
from raydrift.gan.stylegan.batches import Batches, Phase
from raydrift.gan.stylegan.discriminator import make_discriminator
from raydrift.gan.stylegan.generator import Generator, make_generator
from raydrift.gan.stylegan.losses import discriminator_loss, generator_loss
from raydrift.gan.stylegan.optimising import clean_gradients, lazy_adam, lazy_rate
from raydrift.gan.stylegan.phases import Phases
from raydrift.gan.stylegan.tally import Tally
from raydrift.gan.trainer import Pictures
from raydrift.settings.gan_training import AUTO
from raydrift.settings.synthesize import SynthesizeSettings

PATH_EVERY: Final = 4
PENALTY_EVERY: Final = 16

TRANSFER_KIMG: Final = 100
"""Thousands of images in which the chance of augmentation can rise from 0 to 1 in a transfer: the
generator is good from the start, so the discriminator learns the images sooner."""

_MOST_COMPARED: Final = 4
_RAMP: Final = 0.05


class StyleGanTrainer:
    """Trains a StyleGAN2 (Karras et al. 2020) with adaptive augmentation.

    Each step has a loss of the generator and one of the discriminator; every fourth also the path
    length, every sixteenth R1. All that is drawn is drawn for the whole batch from (seed, step,
    purpose), and each process takes its share.

    Args:
        settings: Of the run.
        pictures: The real images, of the size and the channels of the settings.
        labels: The class number of each image, 0 to len(class_names) - 1; None: the networks know
            no classes.
        class_names: The names of the classes.
        replicas: The processes that train together.
        device: Where the networks are.

    Attributes:
        generator: In training; samples are made with the average, see ``generators``.
        discriminator: In training.

    Raises:
        SettingsError: The batch cannot be shared, or there are no images.
    """

    def __init__(
        self,
        settings: SynthesizeSettings,
        pictures: Pictures,
        labels: npt.NDArray[np.int64] | None,
        class_names: Sequence[str],
        *,
        replicas: Replicas = Replicas(),  # noqa: B008  (frozen)
        device: str = "cpu",
    ) -> None:
        if not len(pictures):
            raise SettingsError("there are no images to learn from: give some")
        train, networks, seed = settings.train, settings.stylegan, settings.run.seed
        self._settings = settings
        self._replicas = replicas
        self._device = device
        self._batch = train.batch_size
        self._group = compared(self._batch, replicas)
        self._class_names = list(class_names)
        names = () if labels is None else class_names
        self._architecture = architecture_of(settings, names)
        pixels = self._architecture.height * self._architecture.width
        auto_gamma = 0.0002 * pixels / self._batch
        self._gamma = auto_gamma if networks.gamma == AUTO else float(networks.gamma)
        half_life = self._batch * 10 / 32 if networks.ema_kimg == AUTO else networks.ema_kimg
        self._half_life = float(half_life) * 1000
        self.generator = make_generator(self._architecture, weight_generator(seed, 0)).to(device)
        self.discriminator = make_discriminator(
            self._architecture, self._group, weight_generator(seed, 1)
        ).to(device)
        self._average = Averaged(self.generator)
        coarse = train.precision == "bfloat16"
        if coarse:  # matrix units read channels side by side
            self.generator.to(memory_format=torch.channels_last)
            self.discriminator.to(memory_format=torch.channels_last)
        self._phases = Phases(self.generator, self.discriminator, replicas, coarse)
        self._batches = Batches(
            seed,
            pictures,
            labels,
            self._batch,
            self.generator,
            mixing=networks.mixing,
            mirror=networks.mirror,
            augment=networks.augment,
            replicas=replicas,
            device=device,
        )
        self._control = AugmentationControl(
            networks.ada_target, networks.ada_kimg, self._batch, replicas
        )
        self._rate = train.rate_at(self._architecture.side)
        self._rate_factor = 1.0
        path_every = PATH_EVERY if networks.path_length else None
        self._generator_adam = lazy_adam(self.generator, self._rate, path_every)
        self._discriminator_adam = lazy_adam(self.discriminator, self._rate, PENALTY_EVERY)
        self._path_mean = torch.zeros((), device=device)
        self._ramp = True
        self._step = 0
        self._images = 0
        self._broken = torch.zeros((), dtype=torch.int64, device=device)
        self._tally = Tally()

    @property
    def steps_done(self) -> int:
        """Steps that were trained."""
        return self._step

    @property
    def images_seen(self) -> int:
        """Real images that were shown, over all workers."""
        return self._images

    @property
    def steps(self) -> int:
        """Steps of the whole training, those of an earlier one with another batch among them."""
        left = max(0.0, self._settings.train.kimg * 1000 - self._images)
        return self._step + ceil(left / self._batch)

    @property
    def save_steps(self) -> int:
        """Steps from one save to the next."""
        return ceil(self._settings.train.save_every * 1000 / self._batch)

    @property
    def broken_gradients(self) -> int:
        """How many numbers in gradients were not finite and were replaced, in all steps."""
        return int(self._broken)

    def step(self) -> None:
        """Trains one step."""
        self._train_generator()
        if self._settings.stylegan.path_length and self._step % PATH_EVERY == 0:
            self._shorten_paths()
        images, class_index = self._batches.real(self._step)
        self._train_discriminator(images, class_index)
        if self._step % PENALTY_EVERY == 0:
            self._flatten_discriminator(images, class_index)
        half_life = self._half_life
        if self._ramp:
            half_life = min(half_life, _RAMP * self._images)
        self._average.update(self.generator, self._batch, half_life)
        self._step += 1
        self._images += self._batch

    def losses(self) -> dict[str, float]:
        """Means over the steps since they were asked for last, of this process' share.

        Returns:
            ``generator``, ``discriminator``: their losses, not finite where the loss or its penalty
            was not, nor where more than half of the gradients had to be replaced; ``r1``,
            ``path``: the penalties with their weights, nan where no step had one; ``augment``: the
            chance; ``sign``: r of the last 4 steps; ``real_score``, ``fake_score``: their means.
        """
        tally = self._tally
        names = ("generator", "discriminator", "r1", "path", "real_score", "fake_score")
        told = {name: tally.mean(name) for name in names}
        for network, penalty in (("generator", "path"), ("discriminator", "r1")):
            failed = tally.has(penalty) and not isfinite(told[penalty])
            if failed or tally.mean(f"broken_{network}") > 0.5:
                told[network] = nan
        tally.clear()
        return {**told, "augment": self._control.chance, "sign": self._control.sign}

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, copied to the CPU."""
        state = {
            "description": self.description(),
            "step": self._step,
            "images": self._images,
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "average": self._average.state_dict(),
            "generator_adam": self._generator_adam.state_dict(),
            "discriminator_adam": self._discriminator_adam.state_dict(),
            "augmentation": self._control.state(),
            "path_mean": self._path_mean,
            "rate_factor": self._rate_factor,
            "ramp": self._ramp,
            "broken_gradients": self._broken,
        }
        copied: dict[str, Any] = _copied(state)
        return copied

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Continues from a state.

        Raises:
            SettingsError: It is of other networks; the message says what differs.
        """
        self._architecture.check_same(state["description"])
        self._step, self._images = int(state["step"]), int(state["images"])
        self.generator.load_state_dict(state["generator"])
        self.discriminator.load_state_dict(state["discriminator"])
        self._average.load_state_dict(state["average"])
        self._generator_adam.load_state_dict(_copied(state["generator_adam"]))
        self._discriminator_adam.load_state_dict(_copied(state["discriminator_adam"]))
        self._control.load_state(state["augmentation"], self._device)
        self._path_mean = state["path_mean"].to(self._device, copy=True)
        self._rate_factor = float(state["rate_factor"])
        self._ramp = bool(state["ramp"])
        self._broken = state["broken_gradients"].to(self._device, copy=True)
        self._tally.clear()
        self._set_rates()

    def start_from(self, generators: Mapping[str, nn.Module]) -> None:
        """Begins with the weights of a trained generator instead of with drawn ones (transfer).

        The discriminator begins anew, the average follows slowly from the start, and the chance of
        augmentation can rise in 100 thousand images.

        Args:
            generators: One of the same sizes and classes, by the name ``generator``.

        Raises:
            SettingsError: There is none, or it is of other sizes; the message says what differs.
        """
        generator = generators.get("generator")
        if not isinstance(generator, Generator):
            raise SettingsError("the earlier model is no StyleGAN2: give one of synthesize")
        self._architecture.check_same(generator.architecture.description())
        self.generator.load_state_dict(generator.state_dict())
        self._average.load_state_dict(generator.state_dict())
        self._ramp = False
        self._control.kimg = TRANSFER_KIMG

    def scale_rates(self, factor: float) -> None:
        """Multiplies all learning rates, after a loss that was not finite."""
        self._rate_factor *= factor
        self._set_rates()

    def rates(self) -> tuple[float, float]:
        """The learning rates of the generator and of the discriminator."""
        adams = (self._generator_adam, self._discriminator_adam)
        generator, discriminator = (float(adam.param_groups[0]["lr"]) for adam in adams)
        return generator, discriminator

    def generators(self) -> Mapping[str, nn.Module]:
        """The averaged generator, by the name ``generator``."""
        return {"generator": self._average.network}

    def description(self) -> dict[str, Any]:
        """What the networks are, as JSON holds it; ``generator_of`` builds them from it."""
        return self._architecture.description() | {"class_names": self._class_names}

    def _train_generator(self) -> None:
        latents = self._batches.latents(self._step, Phase.GENERATOR)
        augmentations = self._augmentations(Phase.GENERATOR)
        self.discriminator.requires_grad_(False)
        scores = self._phases.generator_scores(latents, augmentations)
        loss = generator_loss(scores)
        self._descend("generator", loss, 1.0)
        self.discriminator.requires_grad_(True)
        self._tally.add("generator", loss)

    def _shorten_paths(self) -> None:
        latents = self._batches.latents(self._step, Phase.PATH)
        shape = (self._architecture.channels, self._architecture.height, self._architecture.width)
        noise = self._batches.path_noise(self._step, shape)
        penalty, self._path_mean = self._phases.path_loss(latents, noise, self._path_mean)
        weighted = penalty * self._settings.stylegan.path_length
        self._descend("generator", weighted, PATH_EVERY)
        self._tally.add("path", weighted)

    def _train_discriminator(self, images: Tensor, class_index: Tensor | None) -> None:
        latents = self._batches.latents(self._step, Phase.DISCRIMINATOR)
        real, fake = self._phases.discriminator_scores(
            images,
            class_index,
            self._augmentations(Phase.DISCRIMINATOR_REAL),
            latents,
            self._augmentations(Phase.DISCRIMINATOR),
        )
        loss = discriminator_loss(real, fake)
        self._descend("discriminator", loss, 1.0)
        self._tally.add("discriminator", loss)
        self._tally.add("real_score", real.mean())
        self._tally.add("fake_score", fake.mean())
        if self._settings.stylegan.augment != "none":
            self._control.see(real.detach())

    def _flatten_discriminator(self, images: Tensor, class_index: Tensor | None) -> None:
        augmentations = self._augmentations(Phase.PENALTY)
        penalty = self._phases.penalty(images, class_index, augmentations)
        weighted = penalty * (self._gamma / 2)
        self._descend("discriminator", weighted, PENALTY_EVERY)
        self._tally.add("r1", weighted)

    def _descend(self, name: str, loss: Tensor, weight: float) -> None:
        """One step of Adam against a loss."""
        own = name == "generator"
        network: nn.Module = self.generator if own else self.discriminator
        adam = self._generator_adam if own else self._discriminator_adam
        adam.zero_grad(set_to_none=True)
        (loss * weight).backward()
        self._replicas.average_gradients(network.parameters())
        broken = clean_gradients(network.parameters())
        self._broken += broken
        self._tally.add(f"broken_{name}", (broken > 0).float())
        adam.step()

    def _augmentations(self, phase: Phase) -> Augmentations:
        return self._batches.augmentations(self._step, phase, self._control.chance)

    def _set_rates(self) -> None:
        every = PATH_EVERY if self._settings.stylegan.path_length else None
        for adam, interval in (
            (self._generator_adam, every),
            (self._discriminator_adam, PENALTY_EVERY),
        ):
            for group in adam.param_groups:
                group["lr"] = lazy_rate(self._rate, interval) * self._rate_factor


def compared(batch: int, replicas: Replicas) -> int:
    """How many images the discriminator compares with each other: 4, or a process' whole share.

    Args:
        batch: Images of a step, over all processes.
        replicas: The processes that train together.

    Raises:
        SettingsError: The processes cannot share the batch, or their shares are no multiple of 4.
    """
    share = replicas.share(batch)
    own = int(share.stop) - int(share.start)
    group = min(_MOST_COMPARED, own)
    if own % group:
        step = _MOST_COMPARED * replicas.world
        below, above = batch // step * step, -(-batch // step) * step
        raise SettingsError(
            f"train.batch_size is {batch}, {own} images for each of {replicas.world} workers: the "
            f"discriminator compares images in groups of {group}: give {below} or {above}"
        )
    return group


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().cpu().clone()
    if isinstance(value, Mapping):
        return {key: _copied(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_copied(one) for one in value)
    return value
