"""The same run at growing counts: what a sample costs should not grow with them."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from raydrift.bench.child import figures_of
from raydrift.bench.tables import MIB, milliseconds, new_table, number
from raydrift.errors import SettingsError


@dataclass(frozen=True)
class GrowthStep:
    """One count.

    Attributes:
        images: Samples of the run.
        images_per_second: In the steady state, if it was long enough.
        seconds_per_sample: After start-up, the merge included.
        merge_seconds_per_sample: The part of that which the run's merge takes.
        further_seconds_per_sample: What the run took longer than the one before it, by the samples
            that are more; start-up, which does not grow, has no part in it.
        driver_bytes: Private memory of the driver at its peak before the merge.
        driver_bytes_per_sample: What it is more than at the first count, by the samples that are
            more; the catalog is part of it.
        catalog_bytes_per_sample: The listing's bytes, paths included.
    """

    images: int
    images_per_second: float | None
    seconds_per_sample: float
    merge_seconds_per_sample: float
    further_seconds_per_sample: float | None
    driver_bytes: int | None
    driver_bytes_per_sample: float | None
    catalog_bytes_per_sample: float


@dataclass(frozen=True)
class GrowthFigures:
    """What samples cost at all counts.

    Attributes:
        steps: One for each count.
        slower: What a sample of the largest run cost, by what one of the smallest did.
    """

    steps: list[GrowthStep]
    slower: float
    what: str = "growth"

    def table(self) -> Table:
        """The figures as people read them."""
        times = ("a sample", "of it merge", "a further one")
        names = ("images", "steady /s", *times, "driver", "more each", "catalog")
        table = new_table("each count in a process of its own", *names)
        for step in self.steps:
            table.add_row(
                f"{step.images:,}",
                number(step.images_per_second, 1),
                milliseconds(step.seconds_per_sample),
                milliseconds(step.merge_seconds_per_sample),
                milliseconds(step.further_seconds_per_sample),
                f"{step.driver_bytes / MIB:,.0f} MiB" if step.driver_bytes else "–",
                f"{number(step.driver_bytes_per_sample, 0)} B",
                f"{step.catalog_bytes_per_sample:.0f} B",
            )
        table.caption = (
            f"a sample of the largest run costs {self.slower:.2f} times one of the smallest"
        )
        return table


def parse_counts(text: str) -> list[int]:
    """Reads ``1000,10000,100000``.

    Raises:
        SettingsError: These are not two or more rising numbers.

    >>> parse_counts("1000,10000")
    [1000, 10000]
    """
    parts = [part.strip() for part in text.split(",")]
    counts = [int(part) for part in parts if part.isdecimal() and int(part) > 0]
    if len(counts) != len(parts) or len(counts) < 2 or sorted(set(counts)) != counts:
        raise SettingsError(f"growth {text!r}: write rising counts, e.g. 1000,10000,100000")
    return counts


def measure_growth(ours: Sequence[str], counts: Sequence[int], limit_s: float) -> GrowthFigures:
    """Runs our command at each count, in a process of its own.

    Args:
        ours: Arguments of ``raydrift``, with ``--json`` but without ``--count``.
        counts: Rising.
        limit_s: Seconds that a run has.

    Raises:
        PipelineError: A run failed.
    """
    runs = []
    for count in counts:
        command = [sys.executable, "-m", "raydrift", *ours, "--count", str(count)]
        runs.append(figures_of(command, f"the run of {count}", limit_s))
    befores = [runs[0], *runs]
    steps = [growth_step(run, before, runs[0]) for run, before in zip(runs, befores, strict=False)]
    return GrowthFigures(steps, steps[-1].seconds_per_sample / steps[0].seconds_per_sample)


def growth_step(run: dict[str, Any], before: dict[str, Any], first: dict[str, Any]) -> GrowthStep:
    """What a run cost a sample, next to the run before it and to the first one."""
    images, more = run["images"], run["images"] - first["images"]
    further, longer = images - before["images"], _seconds(run) - _seconds(before)
    now, then = (one["driver_before_merge"] for one in (run, first))
    known = more and now and then
    return GrowthStep(
        images=images,
        images_per_second=run["images_per_second"],
        seconds_per_sample=run["seconds_per_sample_started"],
        merge_seconds_per_sample=run["merge"]["seconds"] / images,
        further_seconds_per_sample=longer / further if further else None,
        driver_bytes=now["private"] if now else None,
        driver_bytes_per_sample=(now["private"] - then["private"]) / more if known else None,
        catalog_bytes_per_sample=run["catalog_bytes"] / images,
    )


def _seconds(run: dict[str, Any]) -> float:
    """The seconds of a run once it had started."""
    return float(run["seconds_per_sample_started"] * run["images"])
