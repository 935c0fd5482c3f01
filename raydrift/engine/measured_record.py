"""What becomes of measured batches: those with images are used, and the record tells of all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Final, Protocol, TypeVar

from raydrift.catalog import Catalog
from raydrift.errors import RejectedError
from raydrift.paths import redacted
from raydrift.report.input_summary import InputSummary
from raydrift.storage.evaluated import MeasuredRecord
from raydrift.storage.remarks import Remark
from raydrift.storage.shards import Rejected
from raydrift.text import plural

_SHOWN_REJECTED: Final = 100


class Remarked(Protocol):
    """What there is to say of the images of a batch."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The class names of those that could be used."""

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """On these."""


class Measures(Remarked, Protocol):
    """What was measured of a batch."""

    @property
    def sample_ids(self) -> tuple[int, ...]:
        """The samples that could be used."""

    @property
    def left_out(self) -> tuple[Rejected, ...]:
        """The images that could not be used."""

    @property
    def embed_seconds(self) -> float:
        """For reading, decoding, drifting and embedding."""

    @property
    def measure_seconds(self) -> float:
        """For the metrics."""


AnyMeasures = TypeVar("AnyMeasures", bound=Measures)


class Measurement(Protocol):
    """What was found of all batches."""

    @property
    def batches(self) -> Sequence[Measures]:
        """Those with usable images."""

    @property
    def samples(self) -> int:
        """Images that were measured."""

    @property
    def left_out(self) -> tuple[Rejected, ...]:
        """The images that could not be used, by sample id."""

    @property
    def unmeasured(self) -> Mapping[str, str]:
        """Metrics that some batch is too small for, and why."""

    @property
    def input_summary(self) -> InputSummary:
        """What there is to say of the images."""


def usable_batches(
    batches: Sequence[AnyMeasures], source: str
) -> tuple[tuple[AnyMeasures, ...], tuple[Rejected, ...]]:
    """The batches with usable images, and all images that could not be used, by sample id.

    Args:
        batches: What was measured.
        source: What the input is called.

    Raises:
        RejectedError: No image can be used.
    """
    left_out = [one for batch in batches for one in batch.left_out]
    left_out.sort(key=lambda one: one.sample_id)
    usable = tuple(batch for batch in batches if batch.sample_ids)
    if not usable:
        first = f" (first: {left_out[0].path}: {left_out[0].error})" if left_out else ""
        raise RejectedError(
            f"none of {plural(len(left_out), 'image')} of {redacted(source)} can be used{first}: "
            "nothing was measured"
        )
    return usable, tuple(left_out)


def summary_of(catalog: Catalog, notes: Iterable[str], batches: Sequence[Remarked]) -> InputSummary:
    """What there is to say of the images of some batches.

    Args:
        catalog: The input.
        notes: Sentences on it, beside its own.
        batches: Their images.
    """
    names = (name for batch in batches for name in batch.class_names)
    remarks = (remark for batch in batches for remark in batch.remarks)
    return InputSummary.of(catalog, notes, names, remarks)


def fill_record(
    record: MeasuredRecord,
    found: Measurement,
    batches: Sequence[Measures],
    seconds: Mapping[str, float],
) -> None:
    """Puts into a record what every measurement tells.

    Args:
        record: The record.
        found: What was found.
        batches: What was measured, those without usable images too.
        seconds: What the job spent, by phase.
    """
    record.counts = {
        "asked": sum(len(batch.sample_ids) + len(batch.left_out) for batch in batches),
        "measured": found.samples,
        "rejected": len(found.left_out),
        "batches": len(found.batches),
    }
    record.rejected = [asdict(one) for one in found.left_out[:_SHOWN_REJECTED]]
    record.unmeasured = dict(found.unmeasured)
    record.notes = list(found.input_summary.notes)
    record.remarks = [asdict(remark) for remark in found.input_summary.remarks]
    record.timings = dict(seconds) | {
        f"all_workers_{name}": round(sum(getattr(batch, name) for batch in batches), 3)
        for name in ("embed_seconds", "measure_seconds")
    }
