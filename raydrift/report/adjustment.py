"""What an adjustment found: how a model does with a camera that learns, and without."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from raydrift.report.input_summary import InputSummary
from raydrift.report.matrix import ViewMeasures
from raydrift.report.text import number
from raydrift.settings.adjust import ALL, NETWORK, NO_PROCESSOR, NOTHING, PARAMETRIZED
from raydrift.storage.shards import Rejected
from raydrift.text import plural

Numbers = npt.NDArray[np.float64]

ORIGINAL: Final = "original"
DRIFTED: Final = "drifted"
LEARNED: Final = "learned"
FROZEN: Final = "frozen"


@dataclass(frozen=True)
class Curves:
    """The trainings of S splits, of E epochs.

    Attributes:
        table: ``schemas.CURVES``, by training, split and epoch.
        learned: Accuracy or mean IoU with a camera that learns, float64 of shape (S, E + 1), on the
            images that the training did not learn from; first before it.
        frozen: With the camera as it was.
        original: Of the model before any training, on the images as they are, shape (S,).
        drifted: Likewise on the drifted images.
    """

    table: pa.Table
    learned: Numbers
    frozen: Numbers
    original: Numbers
    drifted: Numbers

    @classmethod
    def of(cls, trainings: Sequence[pa.Table]) -> Self:
        """The curves of all trainings, in the order in which they are numbered."""
        table = pa.concat_tables(trainings)
        order = {name: place for place, name in enumerate((ORIGINAL, DRIFTED, LEARNED, FROZEN))}
        rank = pa.array([order[name] for name in table["training"].to_pylist()])
        keys = [("rank", "ascending"), ("split", "ascending"), ("epoch", "ascending")]
        table = table.append_column("rank", rank).sort_by(keys).drop_columns(["rank"])
        names = np.array(table["training"].to_pylist())
        quality = table["quality"].to_numpy()
        splits = len(set(table["split"].to_pylist()))
        found = {name: quality[names == name].reshape(splits, -1) for name in order}
        return cls(
            table.combine_chunks(),
            found[LEARNED],
            found[FROZEN],
            found[ORIGINAL][:, 0],
            found[DRIFTED][:, 0],
        )

    @property
    def splits(self) -> int:
        """How many there are."""
        return len(self.learned)

    @property
    def epochs(self) -> int:
        """How many there are."""
        return int(self.learned.shape[1]) - 1

    @property
    def best(self) -> int:
        """The split whose camera and model do best in the end."""
        return int(self.learned[:, -1].argmax())


@dataclass(frozen=True)
class Adjustment:
    """What was found.

    Attributes:
        batches: Those with usable images, by number; at least one.
        curves: The trainings.
        quality: ``accuracy``, or ``IoU`` where the model answers for each pixel.
        files: Source files of the images.
        drifts: Whether anything drifts.
        processor: What learns to make pictures, as ``AdjustSettings.processor``.
        learn: What learns of the model, as ``AdjustSettings.learn``.
        kept: The tables of stages and predictions (``schemas.STAGES``, ``PREDICTIONS``), by their
            files.
        left_out: The images that could not be used, by sample id.
        input_summary: What there is to say of the others.
    """

    batches: tuple[ViewMeasures, ...]
    curves: Curves
    quality: str
    files: int
    drifts: bool = True
    processor: str = PARAMETRIZED
    learn: str = ALL
    kept: Mapping[str, pa.Table] = field(default_factory=dict)
    left_out: tuple[Rejected, ...] = ()
    input_summary: InputSummary = field(default_factory=InputSummary)
    unmeasured: dict[str, str] = field(default_factory=dict)

    @property
    def samples(self) -> int:
        """Images that were used."""
        return sum(len(batch.sample_ids) for batch in self.batches)

    @cached_property
    def ends(self) -> dict[str, tuple[float, float | None]]:
        """Mean and standard deviation over the splits: before any training, and at the end."""
        curves = self.curves
        values = {
            ORIGINAL: curves.original,
            DRIFTED: curves.drifted,
            FROZEN: curves.frozen[:, -1],
            LEARNED: curves.learned[:, -1],
        }
        return {name: (float(one.mean()), _deviation(one)) for name, one in values.items()}

    @property
    def written(self) -> dict[str, Any]:
        """What ``adjust.json`` has of it."""
        ends = {name: {"mean": mean, "sd": sd} for name, (mean, sd) in self.ends.items()}
        curves = {
            name: getattr(self.curves, name).mean(axis=0).tolist() for name in (LEARNED, FROZEN)
        }
        return {"quality": self.quality, "ends": ends, "curves": curves, "best": self.curves.best}


@dataclass(frozen=True)
class Words:
    """What is said of the two trainings.

    Attributes:
        frozen: Of the curve of the one with the camera as it was.
        frozen_card: Below the number that it comes to.
        learned: Of the curve of the other.
        learned_card: Below its number.
        ends: After that number, in a sentence.
        worth: Whatever it is worth.
        question: What is asked.
    """

    frozen: str
    frozen_card: str
    learned: str
    learned_card: str
    ends: str
    worth: str
    question: str


_MODEL_LEARNS: Final = ("the model learns", "once the model has learned")

_WORDS: Final = {
    PARAMETRIZED: Words(
        *_MODEL_LEARNS,
        "camera and model learn",
        "once the camera has, too",
        "with a camera that learns too",
        "The camera that learns",
        "What is a camera that learns worth?",
    ),
    NETWORK: Words(
        *_MODEL_LEARNS,
        "network and model learn",
        "with a network in the camera's place",
        "with a network that learns to develop",
        "The network",
        "What is a network in the camera's place worth?",
    ),
    NO_PROCESSOR: Words(
        *_MODEL_LEARNS,
        "the model learns without a camera",
        "on half-size mosaics as they are",
        "on half-size mosaics as they are",
        "Doing without a camera",
        "Does the model do better without a camera?",
    ),
}
_ALONE: Final = {
    PARAMETRIZED: ("the camera learns", "with a camera that learns"),
    NETWORK: ("the network learns", "with a network that learns to develop"),
}
"""Of a model that stays: the curve, and what stands below and after its number."""


def words_of(found: "Adjustment") -> Words:
    """What is said of the two trainings."""
    words = _WORDS[found.processor]
    if found.learn != NOTHING:
        return words
    curve, with_it = _ALONE[found.processor]
    frozen = ("the model as it is", "with the camera as it was")
    return Words(*frozen, curve, with_it, with_it, words.worth, words.question)


def question_of(found: "Adjustment") -> str:
    """What the page of an adjustment answers."""
    if found.drifts and found.processor == PARAMETRIZED:
        return "Can the camera win back what the drift costs?"
    return words_of(found).question


def adjustment_sentences(found: Adjustment) -> list[str]:
    """What was found, in plain sentences."""
    means = {name: mean for name, (mean, _) in found.ends.items()}
    cost = means[ORIGINAL] - means[DRIFTED]
    epochs, splits = plural(found.curves.epochs, "epoch"), plural(found.curves.splits, "split")
    first = (
        f"The drift costs the model {number(cost)} of its {found.quality}: "
        f"{number(means[ORIGINAL])} on the originals, {number(means[DRIFTED])} on drifted images."
        if cost > 0
        else f"The drift costs the model nothing: its {found.quality} is {number(means[DRIFTED])} "
        f"on drifted images, {number(means[ORIGINAL])} on the originals."
    )
    if not found.drifts:
        first = f"Nothing drifts. The model's {found.quality} is {number(means[ORIGINAL])}."
    images = "drifted images" if found.drifts else "the images"
    words = words_of(found)
    ends = (
        f"After {epochs} on {images} it is {_with_sd(found, LEARNED)} {words.ends}, "
        f"{_with_sd(found, FROZEN)} with the camera as it was (mean of {splits}, images that it "
        "did not learn from)."
    )
    gain = means[LEARNED] - means[FROZEN]
    better = (
        f"{words.worth} is worth {number(gain)}."
        if gain > 0
        else f"{words.worth} is worth nothing here."
    )
    return [first, ends, better]


def _with_sd(found: Adjustment, name: str) -> str:
    mean, deviation = found.ends[name]
    return number(mean) + ("" if deviation is None else f" ± {number(deviation)}")


def _deviation(values: Numbers) -> float | None:
    """By n - 1; None of one value."""
    return float(values.std(ddof=1)) if len(values) > 1 else None
