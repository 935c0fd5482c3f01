"""What trains a generative network, step by step."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch import nn

Pixels = npt.NDArray[np.uint8]


class Pictures(Protocol):
    """The images of a domain, or of a class, as they are kept for a training."""

    def __len__(self) -> int:
        """How many there are."""

    def take(self, indices: npt.NDArray[np.int64]) -> Pixels:
        """Some of them, uint8 of shape (n, height, width, channels)."""


class Trainer(Protocol):
    """One training: networks, their optimisers, and how far it is.

    All that a step draws comes from (seed, step, purpose), see ``gan.draws``: with the same state
    the next step is the same, whatever was before.
    """

    @property
    def steps_done(self) -> int:
        """Steps that were trained."""

    @property
    def images_seen(self) -> int:
        """Real images that were shown, over all workers."""

    @property
    def steps(self) -> int:
        """Steps of the whole training."""

    @property
    def save_steps(self) -> int:
        """Steps from one save to the next."""

    def step(self) -> None:
        """Trains one step."""

    def losses(self) -> dict[str, float]:
        """Means since they were asked for last, by name; not finite where the training failed."""

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, as ``torch.save`` and ``weights_only`` take it."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Continues from a state.

        Raises:
            SettingsError: It is of other networks; the message says what differs.
        """

    def start_from(self, generators: "Mapping[str, nn.Module]") -> None:
        """Begins with the weights of other generators, as ``generators`` gives them.

        Raises:
            SettingsError: They are other networks; the message says what differs.
        """

    def scale_rates(self, factor: float) -> None:
        """Multiplies all learning rates, after a loss that was not finite; states keep it."""

    def generators(self) -> "Mapping[str, nn.Module]":
        """The averaged generators, by name: ``to_target`` and ``to_source``, or ``generator``."""

    def description(self) -> dict[str, Any]:
        """What the networks are (``kind``, sizes, settings), as JSON holds it."""
