"""Runs in turn with yardsticks: other programs that do the same work, A B A B."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from raydrift.bench.child import figures_of
from raydrift.bench.tables import MedianAndRange, new_table
from raydrift.errors import PipelineError, SettingsError

OURS: Final = "raydrift"
_RATE: Final = "images_per_second"


@dataclass(frozen=True)
class RoundFigures:
    """What several rounds gave.

    Attributes:
        rounds: How many.
        images_per_second: By program: ours is ``raydrift``, a yardstick is called as its file.
        ratios: Ours by a yardstick's: the ratio of the medians, and the least and the most ratio of
            a single round.
        missing: Yardsticks that do not run here, and why.
        runs: All figures of our own runs.
    """

    rounds: int
    images_per_second: dict[str, MedianAndRange]
    ratios: dict[str, MedianAndRange]
    missing: dict[str, str]
    runs: list[dict[str, Any]]
    what: str = "rounds"

    def table(self) -> Table:
        """The figures as people read them."""
        table = new_table(f"medians of {self.rounds} rounds (least to most)")
        for name in ("", "images/s", "ours by it"):
            table.add_column(name)
        for name, rate in self.images_per_second.items():
            ratio = self.ratios.get(name)
            table.add_row(name, rate.shown(1), ratio.shown(2) if ratio else "")
        table.caption = Text("\n".join(self.missing.values())) if self.missing else None
        return table


def yardsticks(folder: str) -> list[Path]:
    """The yardsticks of a folder: scripts that print a JSON line with ``images_per_second``.

    Each is called with a folder of images, a count, and possibly ``--procs N`` and
    ``--embed WEIGHTS``.

    Raises:
        SettingsError: There are none.
    """
    scripts = sorted(Path(folder).glob("*.py"))
    if not scripts:
        raise SettingsError(f"no yardsticks at {folder}: give a folder with their Python scripts")
    return scripts


def measure_rounds(
    ours: Sequence[str], peers: Mapping[str, Sequence[str]], rounds: int, limit_s: float
) -> RoundFigures:
    """Runs our command and the yardsticks' in turn.

    A yardstick that fails in the first round is left out from then on.

    Args:
        ours: Arguments of ``raydrift``; with ``--json``.
        peers: Arguments of Python, by a yardstick's name.
        rounds: How often.
        limit_s: Seconds that a single run has.

    Raises:
        PipelineError: Our own run failed, or a yardstick in a later round.
        SettingsError: The run is too short to have a steady state.
    """
    runs: list[dict[str, Any]] = []
    rates: dict[str, list[float]] = {OURS: []}
    missing: dict[str, str] = {}
    for round_ in range(rounds):
        run = figures_of([sys.executable, "-m", "raydrift", *ours], OURS, limit_s)
        if run[_RATE] is None:
            raise SettingsError("the run is too short for a steady state: give a larger --count")
        runs.append(run)
        rates[OURS].append(run[_RATE])
        for name in [name for name in peers if name not in missing]:
            try:
                rate = float(figures_of([sys.executable, *peers[name]], name, limit_s)[_RATE])
            except (PipelineError, KeyError, TypeError, ValueError) as error:
                if round_:
                    raise PipelineError(f"{name} failed in round {round_ + 1}: {error}") from None
                known = isinstance(error, PipelineError)
                missing[name] = str(error) if known else f"{name} printed no {_RATE}"
                continue
            rates.setdefault(name, []).append(rate)
    return RoundFigures(
        rounds=rounds,
        images_per_second={name: MedianAndRange.of(own) for name, own in rates.items()},
        ratios={name: _ratio(rates[OURS], rates[name]) for name in rates if name != OURS},
        missing=missing,
        runs=runs,
    )


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> MedianAndRange:
    single = [one / other for one, other in zip(ours, theirs, strict=True)]
    return MedianAndRange(median(ours) / median(theirs), min(single), max(single))
