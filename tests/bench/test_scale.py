"""The model of large runs: its arithmetic on figures that are easy to follow."""

from dataclasses import replace

import pytest
from rich.console import Console

from raydrift.bench.requests import parts_of
from raydrift.bench.scale import ScaleFigures, scale_up
from raydrift.bench.scale_terms import Assumed, Measured
from raydrift.errors import SettingsError
from raydrift.storage.shards import LedgerRow
from raydrift.storage.zip_layout import members_size, plan_zip

MEASURED = Measured(
    drift_seconds=0.0036,
    embed_seconds=0.0,
    input_bytes=100_000,
    png_bytes=130_000,
    shard_bytes=131_000,
    table_bytes=40,
    start_seconds=10,
    driver_bytes=3e8,
)
ASSUMED = Assumed()


def test_hours_and_bytes_are_those_of_an_image_times_the_images() -> None:
    one, _, most = scale_up(MEASURED, ASSUMED).scales
    assert one.drift_core_hours == pytest.approx(1.0)
    assert most.drift_core_hours == pytest.approx(1000.0)
    assert (one.input_bytes, most.input_bytes) == (1e11, 1e14)
    assert one.result_bytes == pytest.approx(130.17e9, rel=1e-3)
    assert one.peak_bytes == one.result_bytes + 131e9
    assert one.embed == []


def test_a_gpu_hour_is_the_networks_arithmetic_at_the_assumed_speed() -> None:
    """3.63 GFLOP an image, at 20 % of 121 TFLOP/s."""
    (one,) = scale_up(MEASURED, ASSUMED, [10**6]).scales
    assert one.embed_gpu_hours == pytest.approx(1e6 * 3.63e9 / 24.2e12 / 3600, rel=0.01)


def test_more_images_than_one_run_takes_are_runs_side_by_side() -> None:
    hundred, billion = scale_up(MEASURED, ASSUMED, [10**8, 10**9]).scales
    assert (hundred.runs, billion.runs) == (1, 10)
    assert billion.requests.reads == 10 * hundred.requests.reads
    assert billion.driver_bytes == hundred.driver_bytes
    assert billion.drift[2].seconds == pytest.approx(hundred.drift[1].seconds), "ten nodes each"
    assert billion.drift[0].seconds == pytest.approx(10 * hundred.drift[0].seconds)


def limits(measured: Measured, assumed: Assumed) -> list[str]:
    (one,) = scale_up(measured, assumed, [10**8]).scales
    return [wall.limit for wall in one.drift]


def test_the_work_is_bound_by_what_is_slowest() -> None:
    assert limits(MEASURED, ASSUMED) == ["cores", "driver", "driver"]
    assert limits(MEASURED, replace(ASSUMED, gigabits=1)) == ["network", "network", "driver"]
    assert limits(MEASURED, replace(ASSUMED, shard_size=4096)) == ["cores", "cores", "driver"]
    assert limits(replace(MEASURED, drift_seconds=0.36), ASSUMED) == ["cores"] * 3


@pytest.mark.parametrize(("nodes", "writers"), [(1, 4), (2, 32)])
def test_a_wall_time_is_listing_work_and_merge(nodes: int, writers: int) -> None:
    """One node merges in the driver's threads, several in as many workers as they have CPUs."""
    (one,) = scale_up(MEASURED, ASSUMED, [10**6], [nodes]).scales
    (wall,) = one.drift
    assert wall.list == pytest.approx(1000 / 32 * 0.1 + 5.8)
    assert wall.work == pytest.approx(10 + 1e6 * 0.0036 / 16 / nodes)
    streams = 130.12e9 / (writers * 50e6)
    assert wall.merge == pytest.approx(streams, rel=1e-2)
    assert wall.seconds == wall.list + wall.work + wall.merge


@pytest.mark.parametrize("shards", [1, 40, 4_000, 400_000])
def test_a_zip_has_as_many_ranges_as_the_layout_gives_it(shards: int) -> None:
    row = LedgerRow(0, "", 256, 256, 0, 0, 256 * 135_000, 256 * 12, size=0, crc32=0)
    each = members_size(256, row.names_size, row.content_bytes)
    assert parts_of(shards * each, each) == len(plan_zip([row] * shards).parts)


def test_assumptions_are_replaced_by_name() -> None:
    assert Assumed.parse(["cores=64", "gigabits=2.5"]) == Assumed(cores=64, gigabits=2.5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("core=64", "assume 'core': did you mean 'cores'?"),
        ("cores=0", "assume 'cores=0': write a positive number, e.g. cores=64"),
        ("cores=1.5", "assume 'cores=1.5': write a positive number, e.g. cores=64"),
        ("gigabits=nan", "assume 'gigabits=nan': write a positive number, e.g. cores=64"),
        ("gigabits", "assume 'gigabits': write a positive number, e.g. cores=64"),
    ],
)
def test_assumptions_that_cannot_be_are_told(given: str, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        Assumed.parse([given])
    assert str(error.value) == said


def lines_of(figures: ScaleFigures) -> list[str]:
    console = Console(width=100)
    with console.capture() as printed:
        console.print(figures.table())
    return printed.get().splitlines()


def test_the_table_tells_of_embeddings_only_where_they_were_measured() -> None:
    plain = lines_of(scale_up(MEASURED, ASSUMED))
    embedding = lines_of(scale_up(replace(MEASURED, embed_seconds=0.036), ASSUMED))
    row = [cell.strip() for cell in embedding[6].split("│")]
    assert row[1:-1] == ["to embed", "10", "1,000", "10,000"]
    assert "time, 1 node" in " ".join(plain)
    assert not any("embed" in line for line in plain)
    assert any("* assumed: 20 % of 121 TFLOP/s" in line for line in embedding)
