"""The checks of the input before a generative network is trained."""

from dataclasses import dataclass
from typing import Final

from raydrift.checked import check_types, choose

STRETCH: Final = "stretch"
CROP: Final = "crop"
FITS: Final = (STRETCH, CROP)


@dataclass(frozen=True)
class ValidateSettings:
    """The checks before a training.

    Attributes:
        check: Whether the input is checked. Without the checks, what would be an error is a note in
            ``run.json``.
        fit: ``stretch``: an image is resized to exactly the size of the network. ``crop``: its
            centre square is used.
    """

    check: bool = True
    fit: str = STRETCH

    def __post_init__(self) -> None:
        check_types(self, "validate.")
        choose("validate.fit", self.fit, FITS)
