"""Views: which algorithms develop a mosaic, written as ``bi,s,ga``."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from raydrift.errors import SettingsError


class Demosaicer(StrEnum):
    """How the colours that a pixel has not seen are found."""

    BILINEAR = "bi"
    MALVAR = "ma"
    MENON = "me"


class Sharpening(StrEnum):
    """How the luma is sharpened.

    Attributes:
        FILTER: By a filter of 3 × 3 pixels.
        UNSHARP: By an unsharp mask: what a Gaussian of sigma 1 takes away is added.
    """

    NONE = "none"
    FILTER = "s"
    UNSHARP = "u"


class Denoising(StrEnum):
    """How noise is taken from the luma.

    Attributes:
        MEDIAN: By the median of 3 × 3 pixels.
        GAUSSIAN: By a Gaussian of sigma 0.5.
        FFT: By cutting high frequencies along the rows of each channel; of the published pipeline.
    """

    NONE = "none"
    MEDIAN = "me"
    GAUSSIAN = "ga"
    FFT = "fft"


@dataclass(frozen=True)
class View:
    """The three choices that a view is made with.

    >>> View.parse("ma,u,me")
    View(demosaicer=<Demosaicer.MALVAR: 'ma'>, sharpening=<Sharpening.UNSHARP: 'u'>,
         denoising=<Denoising.MEDIAN: 'me'>)
    >>> str(View.parse("bi"))
    'bi,none,none'
    """

    demosaicer: Demosaicer = Demosaicer.BILINEAR
    sharpening: Sharpening = Sharpening.NONE
    denoising: Denoising = Denoising.NONE

    @classmethod
    def parse(cls, code: "str | View") -> "View":
        """The view of a code: demosaicing, sharpening, denoising; what is left out is not done.

        Raises:
            SettingsError: The code is of another form, or one of its parts is unknown.
        """
        if isinstance(code, View):
            return code
        parts = code.split(",") if isinstance(code, str) else []
        if not 1 <= len(parts) <= 3:
            raise SettingsError(f"view is {code!r}: write it as 'bi,s,ga'")
        demosaicer, sharpening, denoising = (*parts, *("none",) * (3 - len(parts)))
        return cls(
            _chosen(code, demosaicer, Demosaicer, "a demosaicer"),
            _chosen(code, sharpening, Sharpening, "a sharpening"),
            _chosen(code, denoising, Denoising, "a denoising"),
        )

    def __str__(self) -> str:
        return f"{self.demosaicer},{self.sharpening},{self.denoising}"


_Choice = TypeVar("_Choice", bound=StrEnum)


def _chosen(view: str, code: str, choices: type[_Choice], what: str) -> _Choice:
    try:
        return choices(code.strip())
    except ValueError:
        raise SettingsError(
            f"view is {view!r}: {code.strip()!r} is not {what}: choose from: {', '.join(choices)}"
        ) from None


VIEWS: Final = tuple(
    View(demosaicer, sharpening, denoising)
    for demosaicer in Demosaicer
    for sharpening in (Sharpening.FILTER, Sharpening.UNSHARP)
    for denoising in (Denoising.MEDIAN, Denoising.GAUSSIAN)
)
"""The twelve views of Oala et al. (2023), in the order of their tables."""
