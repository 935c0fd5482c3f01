"""Which cameras harm a model most: the findings of all searches, put together."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa

from raydrift import schemas
from raydrift.errors import PipelineError
from raydrift.report.input_summary import InputSummary
from raydrift.report.text import level_name
from raydrift.settings.forensics import ALL
from raydrift.storage import layout
from raydrift.storage.shards import Rejected
from raydrift.tasks.harm import Harm
from raydrift.tasks.task import Task

_EXACT: Final = 1e-12  # shares of whole numbers are rounded


@dataclass(frozen=True)
class WorstCamera:
    """The worst camera that was found for a part at a level.

    Attributes:
        part: The part: the name of a transform, or ``all``.
        level: The level.
        harm: What the camera leaves of the model.
        drawn: What drift leaves that ``generate`` draws for each image: accuracy, or mean IoU.
        camera: Its parameters, by the names that they have in ``provenance.parquet``.
        found_part: The part that it was found for: ``all`` has the cameras of the other ones.
        found_level: The level that it was found for: a level has the cameras of lower ones.
        tried: How many cameras were measured for this part and level.
    """

    part: str
    level: float
    harm: Harm
    drawn: float
    camera: Mapping[str, Any]
    found_part: str
    found_level: float
    tried: int

    @property
    def quality(self) -> float:
        """What it leaves: accuracy, or mean IoU."""
        return self.harm.quality

    @property
    def file(self) -> str:
        """The TOML file that makes its images, below the output folder."""
        return f"{layout.CAMERAS}/{layout.camera_file(self.part, level_name(self.level))}"


@dataclass(frozen=True)
class Forensics:
    """Which cameras harm a model most.

    Attributes:
        task: What was asked of the model.
        samples: The images that were measured.
        of_pixels: Whether the model answers for each pixel.
        original: What it gets right of the originals: accuracy, or mean IoU.
        original_loss: Its mean cross entropy there, nats.
        worst_of: By part the worst camera of each level, rising.
        sample_ids: The samples that were measured.
        left_out: The images that could not be used, by sample id.
        input_summary: What there is to say of the images.
    """

    task: Task
    samples: int
    of_pixels: bool
    original: float
    original_loss: float
    worst_of: Mapping[str, tuple[WorstCamera, ...]]
    sample_ids: tuple[int, ...]
    left_out: tuple[Rejected, ...]
    input_summary: InputSummary

    @property
    def quality(self) -> str:
        """What is held against the drop: ``accuracy``, or ``mean IoU`` where there are masks."""
        return "mean IoU" if self.of_pixels else "accuracy"

    @property
    def drop(self) -> float:
        """How much of it may be lost."""
        return self.task.settings.drop

    @property
    def limit(self) -> float:
        """The quality below which the model is broken."""
        return self.original - self.drop

    @property
    def levels(self) -> tuple[float, ...]:
        """The levels, rising."""
        return tuple(one.level for one in next(iter(self.worst_of.values())))

    @property
    def cameras(self) -> list[WorstCamera]:
        """The worst cameras of all parts and levels."""
        return [one for cameras in self.worst_of.values() for one in cameras]

    def lost(self, one: WorstCamera) -> float:
        """How much of the quality a camera costs."""
        return self.original - one.quality

    def breaks(self, part: str) -> WorstCamera | None:
        """The camera of the first level at which a part costs more than the drop; None: none."""
        cameras = self.worst_of[part]
        return next((one for one in cameras if self.lost(one) > self.drop + _EXACT), None)

    @property
    def worst(self) -> WorstCamera:
        """The worst camera of all; of equal ones that of the lowest level, and of a single part."""
        return min(
            self.cameras,
            key=lambda one: (
                *(-part for part in one.harm.order[:1]),
                one.level,
                one.part != one.found_part,
                one.part == ALL,
            ),
        )

    @property
    def ranking(self) -> list[str]:
        """The parts, those first that break the model early, then those that cost more."""

        def place(part: str) -> tuple[float, float]:
            first, last = self.breaks(part), self.worst_of[part][-1]
            return (float("inf") if first is None else first.level, last.quality)

        return sorted(self.worst_of, key=place)

    def table(self) -> pa.Table:
        """A row a part and level, after that of the originals (``schemas.FORENSICS``)."""
        name = "iou" if self.of_pixels else "accuracy"
        first = {"samples": self.samples, name: self.original, "loss": self.original_loss}
        rows: list[dict[str, Any]] = [first]
        rows += [
            {
                "part": one.part,
                "level": one.level,
                "samples": self.samples,
                name: one.quality,
                "loss": one.harm.loss,
                "climbed": one.harm.climbed,
                f"drawn_{name}": one.drawn,
                "found_part": one.found_part,
                "found_level": one.found_level,
                "camera": json.dumps(one.camera),
            }
            for one in self.cameras
        ]
        return pa.Table.from_pylist(rows, schema=schemas.FORENSICS)

    @property
    def written(self) -> dict[str, Any]:
        """The findings in plain values, as ``forensics.json`` has them."""
        name = "iou" if self.of_pixels else "accuracy"
        parts = []
        for part, cameras in self.worst_of.items():
            first = self.breaks(part)
            levels = [
                {
                    "level": one.level,
                    name: one.quality,
                    "loss": one.harm.loss,
                    f"drawn_{name}": one.drawn,
                    "file": one.file,
                }
                for one in cameras
            ]
            found = {"part": part, "breaks_at": None if first is None else first.level}
            parts.append(found | {"levels": levels})
        worst = self.worst
        return {
            "task": {
                "model": self.task.file.name,
                "kind": str(self.task.file.kind),
                "drop": self.drop,
                name: self.original,
                "loss": self.original_loss,
            },
            "parts": parts,
            "worst": {
                "part": worst.part,
                "level": worst.level,
                name: worst.quality,
                "camera": dict(worst.camera),
                "file": layout.WORST,
            },
        }


@dataclass(frozen=True)
class Searched:
    """What one search has committed, see ``SEARCHED`` of ``engine.data.search_stage``.

    Attributes:
        row: Its row.
        left_out: Images that could not be used; of the originals alone.
        remarks: On the others, likewise.
    """

    row: Mapping[str, Any]
    left_out: tuple[Rejected, ...]
    remarks: tuple[Any, ...]

    @classmethod
    def of(cls, table: pa.Table, rejected: list[Rejected], remarks: tuple[Any, ...]) -> "Searched":
        """What the table of a shard has, and what the ledger tells."""
        (row,) = table.to_pylist()
        return cls(row, tuple(rejected), remarks)


def put_together(
    task: Task,
    searched: Sequence[Searched],
    members: Callable[[str], Sequence[str]],
    summary: InputSummary,
) -> Forensics:
    """The findings of all searches.

    A camera that is found at a level may be had at all higher ones, and one of a part in what has
    the part among its members: the worst of all that may be had is what counts, so that no curve
    rises with the level.

    Args:
        task: What was asked of the model.
        searched: The originals, and then each part at each level.
        members: The transforms of a part.
        summary: What there is to say of the images.

    Raises:
        PipelineError: Not all searches had the same images.
    """
    first, *rest = searched
    samples = {one.row["samples"] for one in searched}
    if len(samples) > 1:
        counts = f"{min(samples)} to {max(samples)}"
        raise PipelineError(
            f"the searches had {counts} images, as some could not be read for a while: "
            "run the same command again"
        )
    found = [_own(one.row) for one in rest]
    worst_of: dict[str, tuple[WorstCamera, ...]] = {}
    for one in found:
        inside = set(members(one.part))
        there = [one] + [
            other
            for other in found
            if other.level <= one.level and set(members(other.part)) <= inside
        ]
        best = max(there, key=lambda other: other.harm.order)
        taken = replace(
            one,
            harm=best.harm,
            camera=best.camera,
            found_part=best.part,
            found_level=best.level,
        )
        worst_of[one.part] = (*worst_of.get(one.part, ()), taken)
    return Forensics(
        task,
        first.row["samples"],
        first.row["of_pixels"],
        first.row["quality"],
        first.row["loss"],
        worst_of,
        tuple(first.row["sample_ids"]),
        first.left_out,
        summary,
    )


def _own(row: Mapping[str, Any]) -> WorstCamera:
    return WorstCamera(
        row["part"],
        row["level"],
        Harm(row["quality"], row["loss"], row["climbed"]),
        row["drawn_quality"],
        json.loads(row["camera"]),
        row["part"],
        row["level"],
        row["tried"],
    )
