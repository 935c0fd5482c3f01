"""Which samples of each period a recurring drift is on for, counted exactly."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_FINEST: Final = 10**6
_MOST: Final = 2**62  # of an int64, and then some room


def fraction_of(number: float | Fraction) -> Fraction:
    """A number as people write it: 0.1 is a tenth, 0.3333333333333333 a third.

    >>> fraction_of(0.1), fraction_of(1 / 3)
    (Fraction(1, 10), Fraction(1, 3))
    """
    return Fraction(str(number)).limit_denominator(_FINEST)


@dataclass(frozen=True)
class Recurrence:
    """A drift that is on for a share of each period, from the period's first sample on.

    A share need not be a whole number of samples. Then some periods have a sample more than
    others, or only some have one at all, so that of all samples so far the share is on, rounded up.

    Attributes:
        period: Samples of a period; it need not be whole either.
        phase: Samples of the first period that are over at the start.
        duty: The share, between 0 and 1.
    """

    period: Fraction
    phase: Fraction
    duty: Fraction

    def on(self, since: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether it is on at samples, which are counted from its start.

        >>> tenth = Recurrence(Fraction(5), Fraction(0), Fraction(1, 10))  # half a sample a period
        >>> np.flatnonzero(tenth.on(np.arange(30))).tolist()
        [0, 10, 20]
        """
        samples = since if self._fits(since) else since.astype(object)
        period, phase = self.period, self.phase
        unit = phase.denominator * period.numerator
        number = (samples * phase.denominator + phase.numerator) * period.denominator // unit
        begin, end = self._begin(number), self._begin(number + 1)
        count = self._on_before(end) - self._on_before(begin)
        on: npt.NDArray[np.bool_] = (samples - self._first - begin < count).astype(np.bool_)
        return on

    def turns(self, number: npt.NDArray[np.int64]) -> tuple[Any, Any]:
        """Where, counted from its start, it is turned on in some periods, and where off."""
        begin, end = self._begin(number), self._begin(number + 1)
        return (
            self._first + begin,
            self._first + begin + self._on_before(end) - self._on_before(begin),
        )

    @property
    def _first(self) -> int:
        """The first sample of the period that the start is in."""
        return -floor(self.phase)

    def _begin(self, number: Any) -> Any:
        """The first sample of a period, counted from the first one of period 0."""
        whole = self.period * self.phase.denominator
        unit = whole.denominator * self.phase.denominator
        over = number * whole.numerator - self.phase.numerator * whole.denominator
        return -(-over // unit) - self._first

    def _on_before(self, samples: Any) -> Any:
        """How many samples are on before one, both counted from the first one of period 0."""
        return -(-samples * self.duty.numerator // self.duty.denominator)

    def _fits(self, since: npt.NDArray[np.int64]) -> bool:
        """Whether all that is computed stays within 64 bits."""
        most = int(np.abs(since).max(initial=0)) + ceil(self.phase) + ceil(self.period) + 1
        unit = self.phase.denominator * self.period.denominator
        return most * max(unit, self.duty.denominator) * 2 < _MOST
