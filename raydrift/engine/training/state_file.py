"""``model/training.pt``: all that the next step of a training depends on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

import torch

from raydrift.errors import SettingsError
from raydrift.paths import StoragePath
from raydrift.storage import layout

_FORMAT: Final = 1


@dataclass(frozen=True)
class SavedState:
    """The newest save of a training.

    Attributes:
        fingerprint: The training's.
        state: The trainer's.
        seconds: That were trained, over all sessions.
        restarts: How often the training went back to a save.
        collapsed: At how many saves in a row generated images were alike.
        winning: For how many steps the discriminator had won.
    """

    fingerprint: str
    state: Mapping[str, Any] = field(repr=False)
    seconds: float = 0.0
    restarts: int = 0
    collapsed: int = 0
    winning: int = 0


def is_finite(state: Any) -> bool:
    """Whether all tensors of a state are finite."""
    if isinstance(state, torch.Tensor):
        return bool(state.isfinite().all())
    if isinstance(state, Mapping):
        return all(map(is_finite, state.values()))
    return not isinstance(state, list | tuple) or all(map(is_finite, state))


def write_state(output: StoragePath, saved: SavedState) -> None:
    """Writes the state whole or not at all, in the place of what was there.

    Raises:
        OSError: It cannot be written.
    """
    sink = BytesIO()
    torch.save({"format": _FORMAT} | vars(saved), sink)
    (output / layout.TRAINED / layout.TRAINING_STATE).write_bytes(sink.getvalue())


def own_state(output: StoragePath, fingerprint: str) -> SavedState | None:
    """The state of a training that goes on in its folder; None: it has not begun.

    A file that a worker of another training left there is none.

    Raises:
        SettingsError: It is damaged, or of another version of raydrift.
    """
    place = output / layout.TRAINED / layout.TRAINING_STATE
    try:
        saved = state_of(place.read_bytes(), str(place))
    except FileNotFoundError:
        return None
    return saved if saved.fingerprint == fingerprint else None


def state_of(content: bytes, what: str) -> SavedState:
    """Reads a state; nothing in it is executed.

    Args:
        content: The file's bytes.
        what: What it is called in messages.

    Raises:
        SettingsError: It is damaged, or not one of raydrift's.
    """
    try:
        found = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
        if found.pop("format") != _FORMAT:
            raise ValueError
        return SavedState(**found)
    except Exception:  # torch raises nearly anything on bytes that are not what they seem
        raise SettingsError(
            f"{what} is damaged, or is no state of a training of this version of raydrift: "
            f"give {layout.TRAINED}/{layout.GENERATOR} instead, or train anew"
        ) from None
