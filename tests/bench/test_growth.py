"""What samples cost at growing counts, told from the figures of the runs."""

from collections.abc import Sequence
from typing import Any

import pytest
from rich.console import Console

from raydrift.bench.growth import GrowthStep, growth_step, measure_growth


def ran(images: int, private: int, seconds_per_sample: float) -> dict[str, Any]:
    return {
        "images": images,
        "images_per_second": None,
        "seconds_per_sample_started": seconds_per_sample,
        "merge": {"seconds": 3.0},
        "driver_before_merge": {"private": private, "resident": 0},
        "catalog_bytes": 70 * images,
    }


FIRST = ran(1000, 50_000_000, 0.5)
SECOND = ran(2000, 50_300_000, 0.625)
THIRD = ran(4000, 50_600_000, 0.75)


def test_the_first_step_has_nothing_to_compare_with() -> None:
    alone = growth_step(FIRST, FIRST, FIRST)
    assert (alone.driver_bytes_per_sample, alone.further_seconds_per_sample) == (None, None)


def test_a_step_compares_memory_with_the_first_and_time_with_the_one_before() -> None:
    assert growth_step(THIRD, SECOND, FIRST) == GrowthStep(
        images=4000,
        images_per_second=None,
        seconds_per_sample=0.75,
        merge_seconds_per_sample=0.00075,
        further_seconds_per_sample=0.875,
        driver_bytes=50_600_000,
        driver_bytes_per_sample=200.0,
        catalog_bytes_per_sample=70.0,
    )


def test_the_table_says_what_a_further_sample_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    def figures(command: Sequence[str], name: str, limit_s: float) -> dict[str, Any]:
        assert (command[2:4], limit_s) == (["raydrift", "bench"], 60)
        assert name == f"the run of {command[-1]}"
        return {run["images"]: run for run in (FIRST, SECOND, THIRD)}[int(command[-1])]

    monkeypatch.setattr("raydrift.bench.growth.figures_of", figures)
    found = measure_growth(["bench"], [1000, 2000, 4000], 60)
    assert [step.further_seconds_per_sample for step in found.steps] == [None, 0.75, 0.875]
    assert found.slower == 1.5
    console = Console(width=120)
    with console.capture() as printed:
        console.print(found.table())
    said = printed.get().splitlines()
    assert said[-1].strip() == "a sample of the largest run costs 1.50 times one of the smallest"
    assert [line.split("│")[5].strip() for line in said if "│" in line] == [
        "–",
        "750.00 ms",
        "875.00 ms",
    ]
