"""Figures as people read them."""

from collections.abc import Iterable
from functools import singledispatch

from rich.table import Table

from raydrift.bench.embedder import EmbedderFigures
from raydrift.bench.growth import GrowthFigures
from raydrift.bench.kernels import KernelFigures
from raydrift.bench.pipeline import PipelineFigures
from raydrift.bench.rounds import RoundFigures, Spread
from raydrift.bench.scheduling import SchedulingFigures

_MIB = 2**20


@singledispatch
def table_of(figures: object) -> Table:
    """The table of any figures of this package."""
    raise TypeError(type(figures).__name__)


@table_of.register
def _pipeline(figures: PipelineFigures) -> Table:
    start, merge = figures.start_up, figures.merge
    workers = f"{figures.workers} workers"
    embedders = f", {figures.embedders} embedders" if figures.embedders else ""
    rows = [
        ("steady", _rate(figures.images_per_second)),
        ("steady, a core", _rate(figures.images_per_second_per_core)),
        ("workers busy", _percent(figures.busy)),
        ("a sample of the whole", _ms(figures.seconds_per_sample)),
        ("a sample, once started", _ms(figures.seconds_per_sample_started)),
        ("imports", f"{start.imports:.2f} s"),
        ("listing", f"{start.list:.2f} s"),
        ("Ray", f"{start.connect:.2f} s"),
        ("until the first worker", f"{start.first_worker:.2f} s"),
        ("until the first shard", f"{start.first_shard:.2f} s"),
        ("merge", f"{merge.megabytes_per_second:,.0f} MB/s"),
    ]
    if merge.cat_megabytes_per_second is not None and merge.of_cat is not None:
        cat = f"{merge.cat_megabytes_per_second:,.0f} MB/s, merge at {merge.of_cat:.2f} of it"
        rows.append(("cat", cat))
    for role, memory in sorted(figures.memory.items()):
        sizes = f"{memory.resident / _MIB:,.0f} MiB resident, {memory.private / _MIB:,.0f} private"
        rows.append((f"memory, {role}", sizes))
    title = f"{figures.images:,} images, {workers}{embedders}, {figures.seconds:.1f} s"
    return _two_columns(title, rows)


@table_of.register
def _rounds(figures: RoundFigures) -> Table:
    rows = []
    for name, spread in figures.images_per_second.items():
        ratio = figures.ratios.get(name)
        by = f"; ours is {_spread(ratio, 2)} of it" if ratio else ""
        rows.append((name, f"{_spread(spread, 1)} images/s{by}"))
    rows += list(figures.missing.items())
    return _two_columns(f"medians of {figures.rounds} rounds (least to most)", rows)


@table_of.register
def _kernels(figures: KernelFigures) -> Table:
    rows = [(name, f"{value:.3f} ms") for name, value in figures.milliseconds.items()]
    return _two_columns(f"an image on one core, medians over {figures.images} images", rows)


@table_of.register
def _embedder(figures: EmbedderFigures) -> Table:
    spread = Spread(figures.images_per_second, figures.least, figures.most)
    rows = [
        ("images/s", _spread(spread, 1)),
        ("TFLOP/s", f"{figures.teraflops:.3f}"),
        ("first call", f"{figures.first_call_seconds:.2f} s"),
    ]
    device = f"{figures.device} ({figures.name})" if figures.name else figures.device
    return _two_columns(f"{device}, {figures.precision}, batches of {figures.batch_size}", rows)


@table_of.register
def _scheduling(figures: SchedulingFigures) -> Table:
    table = _table(f"shards of 256 images that sleep {figures.milliseconds:g} ms each")
    for name in ("workers", "busy", "shards/s", "driver cores", "machine cores", "start-up"):
        table.add_column(name, justify="right")
    for trial in figures.trials:
        table.add_row(
            str(trial.workers),
            _percent(trial.busy),
            _number(trial.shards_per_second, 1),
            _number(trial.driver_cores, 2),
            _number(trial.machine_cores, 2),
            f"{_number(trial.start_up_seconds, 0)} s",
        )
    limit = f"; the limit is {figures.limit}" if figures.limit else ""
    table.caption = f"at least 90 % busy: {figures.most_workers or 'none'}{limit}"
    return table


@table_of.register
def _growth(figures: GrowthFigures) -> Table:
    table = _table("each count in a process of its own")
    names = ("images", "steady/s", "a sample", "of it merge", "driver", "more a sample", "catalog")
    for name in names:
        table.add_column(name, justify="right")
    for step in figures.steps:
        table.add_row(
            f"{step.images:,}",
            _number(step.images_per_second, 1),
            _ms(step.seconds_per_sample),
            _ms(step.merge_seconds_per_sample),
            f"{step.driver_bytes / _MIB:,.0f} MiB" if step.driver_bytes else "–",
            f"{_number(step.driver_bytes_per_sample, 0)} B",
            f"{step.catalog_bytes_per_sample:.0f} B",
        )
    table.caption = f"the last sample costs {figures.slower:.2f} of the first"
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", caption_justify="left")


def _two_columns(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    table = _table(title)
    table.show_header = False
    for row in rows:
        table.add_row(*row)
    return table


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _rate(value: float | None) -> str:
    return "too short to tell: give a larger --count" if value is None else f"{value:,.1f} images/s"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.2f} ms"


def _spread(spread: Spread, digits: int) -> str:
    low, high = f"{spread.least:,.{digits}f}", f"{spread.most:,.{digits}f}"
    return f"{spread.median:,.{digits}f} ({low} to {high})"
