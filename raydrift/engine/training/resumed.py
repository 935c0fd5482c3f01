"""What a new training begins with where ``train.resume`` names an earlier one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from raydrift.engine.training.state_file import state_of
from raydrift.errors import SettingsError
from raydrift.gan.model_content import model_place
from raydrift.gan.model_file import read_model
from raydrift.gan.trainer import Trainer
from raydrift.paths import StoragePath, redacted
from raydrift.storage import layout


@dataclass(frozen=True)
class Earlier:
    """What an earlier training left.

    Attributes:
        place: The file that is read.
        has_state: Whether it is a training state; else it is generators alone.
    """

    place: StoragePath
    has_state: bool

    def give(self, trainer: Trainer) -> str:
        """Lets a trainer begin with it.

        Returns:
            A sentence that says so.

        Raises:
            SettingsError: It is of other networks, or has as many steps as are asked for.
        """
        what = redacted(str(self.place))
        if not self.has_state:
            model = read_model(self.place)
            trainer.start_from({name: model.generator(name) for name in model.names})
            return f"began with the generators of {what}; all else was new"
        trainer.load_state(state_of(self.place.read_bytes(), what).state)
        done, steps = trainer.steps_done, trainer.steps
        if done >= steps:
            raise SettingsError(
                f"train.resume {what} has {done:,} steps, and {steps:,} are asked for in all: "
                "give more epochs or kimg than it was trained for"
            )
        return f"began at step {done:,} of {what}"


def earlier_training(path: str, options: Mapping[str, Any] | None = None) -> Earlier:
    """Finds what an earlier training left.

    Args:
        path: The folder of its run, its ``training.pt`` or its ``generator.safetensors``.
        options: How a remote place is reached (``StoragePath.of``).

    Raises:
        SettingsError: There is no such thing.
    """
    place = StoragePath.of(path, options)
    for state in (
        place / layout.TRAINED / layout.TRAINING_STATE,
        place / layout.TRAINING_STATE,
    ):
        if state.is_file():
            return Earlier(state, has_state=True)
    if place.path.endswith(".pt") and place.is_file():
        return Earlier(place, has_state=True)
    return Earlier(model_place(place), has_state=False)
