"""How much a camera harms a model, so that the worst of several can be told. No torch here."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from raydrift.tasks.answers import AnyAnswers
from raydrift.tasks.classification import Answers
from raydrift.tasks.segmentation import PixelAnswers


@dataclass(frozen=True)
class Harm:
    """What is left of a model behind a camera.

    Attributes:
        quality: Accuracy, or mean IoU where the model answers for each pixel.
        loss: The mean cross entropy, nats.
        climbed: The loss less its penalty; None: there is no penalty.
    """

    quality: float
    loss: float
    climbed: float | None = None

    @property
    def order(self) -> tuple[float, ...]:
        """A camera with a larger one is worse."""
        return (-self.quality, self.loss) if self.climbed is None else (self.climbed,)


class HarmCount:
    """Adds up what a model says behind one camera, batch by batch."""

    def __init__(self) -> None:
        self._answers: list[AnyAnswers] = []
        self._counts: list[int] = []
        self._losses: list[float] = []
        self._penalties: list[float | None] = []

    def add(self, answers: AnyAnswers, count: int, loss: float, penalty: float | None) -> None:
        """Takes a batch of so many images, their mean loss and the penalty on it."""
        self._answers.append(answers)
        self._counts.append(count)
        self._losses.append(loss)
        self._penalties.append(penalty)

    @property
    def harm(self) -> Harm:
        """What all batches come to, of which there is at least one."""
        loss = float(np.average(self._losses, weights=self._counts))
        known = [one for one in self._penalties if one is not None]
        climbed = loss - float(np.average(known, weights=self._counts)) if known else None
        return Harm(quality_of(self._answers), loss, climbed)

    @property
    def samples(self) -> int:
        """How many images there were."""
        return sum(self._counts)

    @property
    def is_of_pixels(self) -> bool:
        """Whether the model answers for each pixel."""
        return isinstance(self._answers[0], PixelAnswers)


def quality_of(answers: Sequence[AnyAnswers]) -> float:
    """The accuracy of some batches, or the mean IoU of their pixels; all are of one kind."""
    pixels = [one for one in answers if isinstance(one, PixelAnswers)]
    if pixels:
        return PixelAnswers.joined(pixels).total.quality
    right = [one.correct for one in answers if isinstance(one, Answers)]
    return float(np.concatenate(right).mean())
