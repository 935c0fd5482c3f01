"""How far a training is, as its folder tells, to whoever asks: while it runs and afterwards."""

from dataclasses import dataclass
from datetime import timedelta

from raydrift.paths import StoragePath
from raydrift.storage import layout
from raydrift.storage.lock import LockOwner, find_holder
from raydrift.storage.training_record import COMPLETE, STOPPED, TrainingRecord, load_training
from raydrift.text import plural

_MOST_NUMBERS = 8


@dataclass(frozen=True)
class TrainingStatus:
    """How far a training is.

    Attributes:
        record: Its ``model/training.json``.
        holder: Whose lock is on the folder.
        decoding: Whether its pictures are still being kept; there is no record then.
    """

    record: TrainingRecord | None
    holder: LockOwner | None
    decoding: bool = False

    @property
    def idle(self) -> bool:
        """Whether nobody is at work on it, as far as is known."""
        return self.holder is None or self.holder.dead

    @property
    def is_under_way(self) -> bool:
        """Whether the training is not complete."""
        return self.decoding or (self.record is not None and self.record.status != COMPLETE)

    def facts(self) -> dict[str, str]:
        """What there is to say, by name."""
        who = str(self.holder) if self.holder is not None else "nobody"
        record = self.record
        if record is None:
            doing = "interrupted; the same command goes on" if self.idle else "decoding the images"
            return {"training": "not begun", "status": doing, "at work": who}
        share = 100 * record.step // max(record.steps, 1)
        facts = {
            "training": record.short_id,
            "status": self._status(record),
            "at work": who,
            "steps": f"{record.step:,} of {record.steps:,} ({share} %)",
            "saved": f"at step {record.saved_step:,}",
            "images": f"{record.images:,} shown",
        }
        if record.images_per_second:
            facts["speed"] = f"{record.images_per_second:,.1f} images/s"
        if record.status != COMPLETE and record.seconds_left is not None:
            left = timedelta(seconds=round(record.seconds_left))
            facts["left"] = f"{left} at that speed"
        facts["time"] = str(timedelta(seconds=round(record.seconds)))
        where = plural(record.workers, "worker") + f" on {record.device}" * bool(record.device)
        facts["trained by"] = where
        for name, values in (("losses", record.losses), ("measures", record.measures)):
            shown = [
                f"{one} {value:.4g}" if value is not None else f"{one} undefined"
                for one, value in list(values.items())[:_MOST_NUMBERS]
            ]
            if shown:
                facts[name] = ", ".join(shown)
        if record.notes:
            facts["note"] = record.notes[-1]
        return facts

    def _status(self, record: TrainingRecord) -> str:
        if record.status == COMPLETE:
            return "trained"
        if not self.idle:
            return "training"
        how = "stopped" if record.status == STOPPED else "interrupted"
        return f"{how}; the same command goes on"


def training_status(output: StoragePath) -> TrainingStatus | None:
    """Reads how far a training is; None where there is none.

    Args:
        output: The run's folder.

    Raises:
        OutputError: What is there is not raydrift's.
    """
    holder = find_holder(output)
    record = load_training(output)
    if record is not None:
        return TrainingStatus(record, holder)
    pictures = output / layout.TRAINING_PICTURES
    return TrainingStatus(None, holder, decoding=True) if pictures.entries() else None
