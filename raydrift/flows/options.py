"""What our generators can be told beside what Keras' can."""

from dataclasses import dataclass
from typing import Any, Final

from raydrift.augment.compat import check_compat
from raydrift.errors import SettingsError, suggest
from raydrift.flows.order import KERAS, SAMPLE
from raydrift.settings.flow import ON_ERROR, REPLACE, SMALLER, check_workers

KERAS_PIXELS: Final = "keras"
RAYDRIFT_PIXELS: Final = "raydrift"
"""Whose pixels a file has: Pillow's as Keras reads it, or raydrift's: upright, scaled, faster."""

_IN_PROCESS: Final = 2000  # files up to which Ray's start costs more than it gains


@dataclass(frozen=True)
class FlowOptions:
    """How the batches of a flow are made.

    Attributes:
        compat: Whose geometry, brightness, whitening and order of classes: ``fixed``, ``keras3`` or
            ``kp112``.
        draws: ``sample``: an image's augmentation is drawn by seed, epoch and image; ``keras``: the
            sequences of Keras, batch by batch.
        decode: ``keras``: Pillow's pixels; ``raydrift``: raydrift's.
        workers: Processes of Ray that make batches; 0: this process does; below 1: a share of the
            CPUs (1 and 1.0 are both one process). None: this process for arrays and up to 2,000
            files, else ``share`` of the CPUs.
        share: See there; 1: all of them.
        always_share: Whether None is this share for arrays and for few files, too.
        halves: Whether a flow for validation has half of the workers.
        on_error: ``replace`` or ``raise``.
        augment_validation: Whether the validation part is augmented, as Keras does.
        ahead: Batches that may be done before they are used.
        last: What the last batch of an epoch is, as in ``Order``.
        endless: Whether a loop over the flow has no end.
    """

    compat: str = "fixed"
    draws: str = SAMPLE
    decode: str = KERAS_PIXELS
    workers: float | None = None
    share: float = 1.0
    always_share: bool = False
    halves: bool = False
    on_error: str = REPLACE
    augment_validation: bool = True
    ahead: int = 4
    last: str = SMALLER
    endless: bool = True

    def __post_init__(self) -> None:
        """Raises SettingsError where a word is not one of those above."""
        check_compat(self.compat)
        _one_of("draws", self.draws, (SAMPLE, KERAS))
        _one_of("decode", self.decode, (KERAS_PIXELS, RAYDRIFT_PIXELS))
        _one_of("on_error", self.on_error, ON_ERROR)
        check_workers(self.workers)

    def processes(
        self, samples: int, validation: bool = False, in_memory: bool = False
    ) -> int | float:
        """How many processes of Ray make the batches of so many samples; 0: this one does.

        A float is a share of the CPUs that Ray has: 1.0 is all of them.

        Args:
            samples: How many images there are.
            validation: Whether they are for validation.
            in_memory: Whether they are arrays of this process.
        """
        asked = self.workers
        is_share = asked is None or 0 < asked < 1
        if asked is None:
            is_here = not self.always_share and (in_memory or samples <= _IN_PROCESS)
            asked = 0 if is_here else self.share
        if validation and self.halves and asked:
            asked = asked / 2 if is_share else max(1, asked // 2)
        return float(asked) if is_share and asked else int(asked)


def options_of(generator: Any) -> FlowOptions:
    """The options of a generator; those of none where it has none, or is None."""
    found = getattr(generator, "flow_options", None)
    return found if isinstance(found, FlowOptions) else FlowOptions()


def _one_of(name: str, given: object, known: tuple[str, ...]) -> None:
    if given not in known:
        raise SettingsError(f"{name} is {given!r}: {suggest(str(given), known)}")
