"""How far a training is, for whoever watches it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Standing:
    """How far a training is.

    Attributes:
        step: Steps that were trained.
        steps: Of the whole training.
        images: Real images that were shown, over all workers.
        images_per_second: Lately; 0: not known yet.
        seconds_left: Until the last step at this speed; None: not known yet.
        losses: The last ones by name, with the chance of augmentation where there is one.
        measures: Those of the last save by name.
    """

    step: int
    steps: int
    images: int = 0
    images_per_second: float = 0.0
    seconds_left: float | None = None
    losses: Mapping[str, float] = field(default_factory=dict)
    measures: Mapping[str, float] = field(default_factory=dict)


class Watcher(Protocol):
    """Whoever is told of a training, and may ask it to stop."""

    def tell(self, standing: Standing) -> None:
        """It is so far."""

    def event(self, level: int, kind: str, text: str, facts: Mapping[str, Any]) -> None:
        """Something happened, see ``log.log_event``."""

    def is_stop_asked(self) -> bool:
        """Whether it is to stop at its next step, saved."""
