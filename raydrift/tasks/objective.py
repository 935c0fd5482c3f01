"""What a search for a camera climbs: the loss of the user's model, and what keeps it near."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from raydrift.drift.camera.twin import Twin
from raydrift.images.pixels import RGB, Array
from raydrift.settings.forensics import SearchSettings
from raydrift.tasks.climbing import Glance
from raydrift.tasks.harm import HarmCount
from raydrift.tasks.penalty import penalty_of
from raydrift.tasks.scorer import Scorer


class Objective:
    """What is to be as large as can be.

    Args:
        scorer: Asks the model.
        search: Says whether there is a penalty.
    """

    def __init__(self, scorer: Scorer, search: SearchSettings) -> None:
        self._scorer, self._penalty = scorer, penalty_of(search)

    @property
    def has_penalty(self) -> bool:
        """Whether pictures are held against those of the reference camera."""
        return self._penalty is not None

    def glance(
        self, twin: Twin, labels: Sequence[int], masks: Array | None, error: bool = False
    ) -> Glance:
        """Some images as a function of the camera, and what is climbed of their pictures.

        Args:
            twin: The images.
            labels: Theirs.
            masks: Theirs, for a model that answers for each pixel; None: there are none.
            error: Climb the mean error, where there is no penalty to be weighed against the loss.
        """
        if self._penalty is None:
            return twin, lambda pictures: self._scorer.loss(pictures, labels, masks, error)
        penalty = self._penalty
        with torch.no_grad():
            reference = twin(twin.parameters([twin.box.neutral()] * len(twin)))

        def near(pictures: Tensor) -> Tensor:
            return self._scorer.loss(pictures, labels, masks) - penalty(reference, pictures)

        return twin, near

    def count(
        self,
        into: HarmCount,
        pixels: RGB,
        labels: Sequence[int],
        masks: Array | None,
        reference: RGB | None = None,
    ) -> None:
        """Adds what the model says of some images, as ``generate`` writes them.

        Args:
            into: Is added to.
            pixels: uint8 RGB, (n, height, width, 3).
            labels: Theirs.
            masks: As for ``glance``.
            reference: The reference camera's pictures, where there is a penalty.
        """
        answers, loss = self._scorer.with_loss(pixels, labels, masks)
        taken = None
        if self._penalty is not None and reference is not None:
            taken = float(self._penalty(_pictures(reference), _pictures(pixels)))
        into.add(answers, len(pixels), loss, taken)


def _pictures(pixels: RGB) -> Tensor:
    whole = torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))
    return whole.to(torch.float32) / 255
