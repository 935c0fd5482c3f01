"""What a million images and more would take: a model, from one run's figures and stated constants.

Nothing here was run at that size. Each constant says where it is from: ``Assumed`` can be replaced
one by one (``--assume cores=64``), and the tests count a run's requests against the model's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from rich.table import Table
from rich.text import Text

from raydrift.bench.requests import PAGE, Requests, parts_of, requests_of
from raydrift.bench.scale_terms import Assumed, Measured
from raydrift.bench.tables import new_table
from raydrift.embed.layers import flops_per_image
from raydrift.engine import cluster_map
from raydrift.paths import s3_parts
from raydrift.storage.zip_layout import (
    directory_size,
    end_records,
    members_size,
    needs_zip64,
)

COUNTS: Final = (10**6, 10**8, 10**9)
NODES: Final = (1, 10, 100)

_NAME: Final = len("00000000.png")


@dataclass(frozen=True)
class Wall:
    """How long it takes on so many nodes.

    Attributes:
        nodes: How many.
        seconds: From the command to the merged result.
        list: The part of them until the input is listed.
        work: The part of them until the last shard is there.
        merge: The part of them that the merge takes.
        limit: What keeps the work from being faster: ``cores``, ``driver`` or ``network``.
    """

    nodes: int
    seconds: float
    list: float
    work: float
    merge: float
    limit: str


@dataclass(frozen=True)
class Scale:
    """What a number of images takes.

    Attributes:
        images: How many.
        runs: Side by side, each with an input and a driver of its own.
        drift_core_hours: To read, decode, drift, encode and write.
        embed_core_hours: To embed on CPUs.
        embed_gpu_hours: To embed on GPUs instead: an arithmetic, not a measurement.
        input_bytes: That are read.
        result_bytes: Zip and tables.
        peak_bytes: While the merge has not deleted the shards.
        requests: To an object store.
        driver_bytes: Memory of each driver.
        part_bytes: Memory of each writer of the zip on S3: a part of the upload.
        drift: Wall times without embeddings.
        embed: Wall times with embeddings on CPUs; none where they were not measured.
    """

    images: int
    runs: int
    drift_core_hours: float
    embed_core_hours: float
    embed_gpu_hours: float
    input_bytes: float
    result_bytes: float
    peak_bytes: float
    requests: Requests
    driver_bytes: float
    part_bytes: float
    drift: list[Wall]
    embed: list[Wall]


@dataclass(frozen=True)
class ScaleFigures:
    """The model's answers, and all that they are from.

    Attributes:
        measured: By a run here.
        assumed: What such a run does not tell.
        scales: One for each number of images.
    """

    measured: Measured
    assumed: Assumed
    scales: list[Scale]
    what: str = "scale"

    def table(self) -> Table:
        """The figures as people read them."""
        one = self.scales[0]
        title = f"a model from this run, not a measurement; nodes of {self.assumed.cores} cores"
        table = new_table(title, "", *(f"{scale.images:,}" for scale in self.scales))
        table.columns[0].justify = "left"
        embeds = bool(one.embed)
        rows = [
            ("runs", [f"{scale.runs}" for scale in self.scales]),
            ("CPU hours", [hours(scale.drift_core_hours) for scale in self.scales]),
            ("  to embed", [hours(scale.embed_core_hours) for scale in self.scales]),
            ("  GPU hours instead*", [hours(scale.embed_gpu_hours) for scale in self.scales]),
            ("read", [size(scale.input_bytes) for scale in self.scales]),
            ("result", [size(scale.result_bytes) for scale in self.scales]),
            ("  with shards", [size(scale.peak_bytes) for scale in self.scales]),
            ("GET, HEAD", [count(scale.requests.reads) for scale in self.scales]),
            ("PUT, POST, LIST", [count(scale.requests.writes) for scale in self.scales]),
            ("memory, a driver", [size(scale.driver_bytes) for scale in self.scales]),
            ("  a writer of the zip", [size(scale.part_bytes) for scale in self.scales]),
        ]
        for place, wall in enumerate(one.drift):
            said = [_told(scale.drift[place]) for scale in self.scales]
            rows.append((f"time, {wall.nodes} nodes" if place else "time, 1 node", said))
        for place, wall in enumerate(one.embed):
            said = [_told(scale.embed[place]) for scale in self.scales]
            rows.append((f"  with embeddings, {wall.nodes}", said))
        for name, cells in rows:
            if embeds or name not in ("  to embed", "  GPU hours instead*"):
                table.add_row(name, *cells)
        caption = "the work is bound by (c)ores, (d)river or (n)etwork"
        if embeds:
            used = 100 * self.assumed.gpu_used
            caption += (
                f"\n* assumed: {used:g} % of {self.assumed.gpu_teraflops:g} TFLOP/s; "
                "bench --embed-only --device cuda measures it"
            )
        table.caption = Text(caption)  # of two lines
        return table


def scale_up(
    measured: Measured,
    assumed: Assumed,
    counts: Sequence[int] = COUNTS,
    nodes: Sequence[int] = NODES,
) -> ScaleFigures:
    """What each number of images takes on each number of nodes."""
    return ScaleFigures(measured, assumed, [_scale(measured, assumed, n, nodes) for n in counts])


def _scale(measured: Measured, assumed: Assumed, images: int, nodes: Sequence[int]) -> Scale:
    runs = ceil(images / assumed.run_samples)
    samples = ceil(images / runs)
    shards = ceil(samples / assumed.shard_size)
    data = round(samples * measured.png_bytes)
    members = members_size(samples, samples * _NAME, data)
    directory = directory_size(samples, samples * _NAME, needs_zip64(members))
    zip_bytes = members + directory + len(end_records(samples, members, directory))
    parts = parts_of(members, max(1, members // shards))
    of_one = requests_of(samples, shards, parts + 1 if parts > 1 else 1, assumed.prefixes)
    walls = {
        seconds: [_wall(measured, assumed, runs, samples, zip_bytes, seconds, n) for n in nodes]
        for seconds in (0.0, measured.embed_seconds)
    }
    result = runs * zip_bytes + images * measured.table_bytes
    flops = images * flops_per_image()
    return Scale(
        images=images,
        runs=runs,
        drift_core_hours=images * measured.drift_seconds / 3600,
        embed_core_hours=images * measured.embed_seconds / 3600,
        embed_gpu_hours=flops / (assumed.gpu_teraflops * 1e12 * assumed.gpu_used) / 3600,
        input_bytes=images * measured.input_bytes,
        result_bytes=result,
        peak_bytes=result + images * measured.shard_bytes,
        requests=Requests(runs * of_one.reads, runs * of_one.writes),
        driver_bytes=measured.driver_bytes
        + samples * assumed.driver_bytes
        + shards * assumed.ledger_bytes,
        part_bytes=members / parts,
        drift=walls[0.0],
        embed=walls[measured.embed_seconds] if measured.embed_seconds else [],
    )


def _wall(
    measured: Measured,
    assumed: Assumed,
    runs: int,
    samples: int,
    zip_bytes: int,
    embed_seconds: float,
    nodes: int,
) -> Wall:
    """Runs share the nodes; those that find none come after the others."""
    at_once = min(runs, nodes)
    share, turns = nodes / at_once, ceil(runs / at_once)
    cores, network = share * assumed.cores, share * assumed.gigabits * 1e9 / 8
    pages = samples / PAGE / min(assumed.prefixes, 32)
    listing = pages * assumed.page_seconds + samples * assumed.list_microseconds / 1e6
    rates = {
        "cores": cores / (measured.drift_seconds + embed_seconds),
        "driver": assumed.shards_per_second * assumed.shard_size,
        "network": network / max(measured.input_bytes, measured.shard_bytes),
    }
    limit = min(rates, key=lambda name: rates[name])
    work = measured.start_seconds + samples / rates[limit]
    writers = (
        min(cluster_map.AT_ONCE, cores) if share > 1 else s3_parts.AT_ONCE
    )  # of the driver alone
    streams = writers * assumed.stream_megabytes * 1e6
    row = assumed.table_microseconds + (assumed.embedding_microseconds if embed_seconds else 0)
    merging = max(zip_bytes / min(network, streams), samples * row / 1e6)
    seconds = turns * (listing + work + merging)
    return Wall(nodes, seconds, turns * listing, turns * work, turns * merging, limit)


def hours(value: float) -> str:
    """Hours, a digit where they are few.

    >>> hours(0.042), hours(0.84), hours(84.4), hours(10234)
    ('0.04', '0.8', '84', '10,234')
    """
    if value < 0.1:
        return f"{value:.2f}"
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def size(value: float) -> str:
    """Bytes in the unit that leaves a number below 1,000.

    >>> size(135e9), size(1.35e12), size(96e6)
    ('135 GB', '1.4 TB', '96 MB')
    """
    for unit in ("MB", "GB", "TB"):
        value /= 1e6 if unit == "MB" else 1e3
        if value < 999.5 or unit == "TB":
            break
    return f"{value:,.0f} {unit}" if value >= 10 or unit == "MB" else f"{value:.1f} {unit}"


def count(value: float) -> str:
    """A number of requests, shortened.

    >>> count(12_300), count(2_015_625), count(2.0e9)
    ('12 k', '2.0 M', '2,000 M')
    """
    if value < 1e6:
        return f"{value / 1e3:.0f} k"
    return f"{value / 1e6:,.1f} M" if value < 1e7 else f"{value / 1e6:,.0f} M"


def duration(seconds: float) -> str:
    """Minutes, hours or days.

    >>> duration(90), duration(5_400), duration(900_000)
    ('2 min', '1.5 h', '10.4 d')
    """
    if seconds < 3600:
        return f"{ceil(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h" if seconds < 2 * 86_400 else f"{seconds / 86_400:.1f} d"


def _told(wall: Wall) -> str:
    return f"{duration(wall.seconds)} ({wall.limit[0]})"
