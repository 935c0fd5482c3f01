"""What trainings differ in: their networks, their samples, and how these are measured."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from raydrift.gan.measures import Measure
from raydrift.gan.replicas import Replicas
from raydrift.gan.trainer import Pixels, Trainer


class TrainingWork(Protocol):
    """One training: what makes its trainer, and what is shown and measured at each save."""

    def trainer(self, replicas: Replicas, device: str) -> Trainer:
        """Makes new networks and what trains them."""

    def real_samples(self) -> Pixels:
        """A picture of the images that samples are to be like, (h, w, 1 or 3)."""

    def samples(self, trainer: Trainer) -> Pixels:
        """A picture of generated images: of the same latents or sources at each save."""

    def measures(self, trainer: Trainer) -> Sequence[Measure]:
        """How good generated images are, on images that the training does not see."""

    def has_discriminator_won(self, losses: Mapping[str, float]) -> bool:
        """Whether the generators have nothing to learn from any more."""

    def failing(self, losses: Mapping[str, float]) -> list[str]:
        """The losses that say, not being finite, that the training failed."""

    @property
    def notes(self) -> Sequence[str]:
        """Sentences on what is not measured."""

    @property
    def winning_steps(self) -> int:
        """For so many steps in a row before that is worth a note."""

    @property
    def sizes(self) -> str:
        """What takes the memory of a GPU, by the names of settings."""
