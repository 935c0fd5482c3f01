"""What a training writes at each save; the training state comes last, and makes it a save."""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from math import ceil
from typing import Final

import numpy as np

from raydrift.engine.training.history import SPEED, History
from raydrift.engine.training.job import TrainingJob
from raydrift.engine.training.pages import training_pages
from raydrift.engine.training.standing import Standing, Watcher
from raydrift.engine.training.state_file import SavedState, write_state
from raydrift.engine.training.work import TrainingWork
from raydrift.gan.measures import Measure
from raydrift.gan.model_file import write_model
from raydrift.gan.trainer import Pixels, Trainer
from raydrift.images.png_writer import encode_png
from raydrift.paths import Sync
from raydrift.storage import layout
from raydrift.storage.training_record import RUNNING, TrainingRecord, as_json

_SHOWN_EVERY_S: Final = 5.0  # on a local disk; elsewhere a file costs more
_SHOWN_EVERY_REMOTE_S: Final = 20.0
_PAGE_EVERY_S: Final = 60.0
_WINDOW: Final = 50  # looks that a speed is taken from


@dataclass
class Counts:
    """What a training counts beside its steps; the same in all processes.

    Attributes:
        restarts: How often it went back to a save.
        collapsed: At how many saves in a row generated images were alike.
        winning: For how many steps the discriminator has won.
    """

    restarts: int = 0
    collapsed: int = 0
    winning: int = 0


class Saver:
    """Writes what a training leaves, from the one process that does.

    Args:
        job: The training.
        work: What it makes.
        trainer: Its networks.
        record: What ``training.json`` says.
        watcher: Is told.
        seconds: That earlier sessions trained.
    """

    def __init__(
        self,
        job: TrainingJob,
        work: TrainingWork,
        trainer: Trainer,
        record: TrainingRecord,
        watcher: Watcher,
        seconds: float,
    ) -> None:
        self._job, self._work, self._trainer, self._watcher = job, work, trainer, watcher
        self._output = job.output
        self.record = record
        self._before, self._began = seconds, time.monotonic()
        self._history = History.read(job.output)
        self._history.drop_after(trainer.steps_done)
        self._speeds = [(self._began, trainer.images_seen)]
        self._saving = self._last_save = 0.0  # seconds that saves took, and the last of them
        self._losses: dict[str, float] = {}
        self._measures: dict[str, float] = {}
        self._shown = self._drawn = 0.0
        self._show_every = _SHOWN_EVERY_S if job.output.is_local else _SHOWN_EVERY_REMOTE_S
        for folder in (layout.TRAINED, layout.SAMPLES):
            (self._output / folder).create()
        (self._output / layout.TRAINED / layout.EARLIER_MODELS).create()

    @property
    def seconds(self) -> float:
        """That were trained, over all sessions."""
        return self._before + time.monotonic() - self._began

    @property
    def hours(self) -> float:
        """Of this session."""
        return (time.monotonic() - self._began) / 3600

    def number(self, step: int) -> int:
        """The number of a save: how many there are up to a step, whatever came in between."""
        return ceil(step / self._trainer.save_steps)

    def log(self, losses: Mapping[str, float]) -> None:
        """Takes the losses of the last steps, and tells how far the training is."""
        trainer = self._trainer
        self._losses = dict(losses)
        self._speeds = [*self._speeds, (self._trained, trainer.images_seen)][-_WINDOW:]
        self._history.add(self._at, {**losses, SPEED: self._speed()})
        self._tell()
        if time.monotonic() - self._shown > self._show_every:
            self._fill_record(RUNNING)
            self._show_record(Sync.BYTES)  # a power cut leaves no half of it

    def note(self, sentence: str) -> None:
        """Something that whoever uses the model should read."""
        if sentence not in self.record.notes:
            self.record.note(sentence)
            self._watcher.event(logging.WARNING, "note", sentence, self._facts())

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Counts what a save takes, which is not trained in."""
        began = time.monotonic()
        yield
        self._last_save = time.monotonic() - began
        self._saving += self._last_save

    def measured(self) -> Sequence[Measure]:
        """Measures generated images, and draws them."""
        measures = self._work.measures(self._trainer)
        self._measures = {one.name: one.value for one in measures}
        self._history.add_measures(self._at, measures)
        place = self._output / layout.SAMPLES
        if not (place / layout.REAL_SAMPLES).is_file():
            (place / layout.REAL_SAMPLES).write_bytes(_png(self._work.real_samples()))
        name = layout.sample_name(self.number(self._trainer.steps_done))
        (place / name).write_bytes(_png(self._work.samples(self._trainer)))
        return measures

    def save(self, status: str, counts: Counts, whole: bool = True) -> None:
        """Writes the generators, what was found so far, and the state that the training goes on at.

        Args:
            status: Of the training.
            counts: What is counted beside the steps.
            whole: Whether this is one of the saves that the settings ask for.
        """
        trainer, model = self._trainer, self._output / layout.TRAINED
        content = write_model(trainer.generators(), trainer.description())
        number = self.number(trainer.steps_done)
        (model / layout.GENERATOR).write_bytes(content)
        if whole and trainer.steps_done:
            self._keep(number, content)
        record = self.record
        record.digest, record.restarts = sha256(content).hexdigest(), counts.restarts
        record.saves, record.saved_step = number, trainer.steps_done
        self._fill_record(status)
        self._write_pages(status)
        self.save_state(counts)
        self._show_record(Sync.ALL)
        self._tell()
        text = f"saved at step {trainer.steps_done:,}"
        self._watcher.event(logging.INFO, "save", text, self._facts() | self._measures)

    def save_state(self, counts: Counts) -> None:
        """Writes the state that the training goes on at."""
        saved = SavedState(
            self._job.fingerprint, self._trainer.state(), self.seconds, **vars(counts)
        )
        write_state(self._output, saved)

    def went_back(self, sentence: str, counts: Counts) -> None:
        """The training goes on at an earlier step, with other rates."""
        self._history.drop_after(self._trainer.steps_done)
        self._speeds = [(self._trained, self._trainer.images_seen)]
        self.record.restarts = counts.restarts
        self.note(sentence)
        self.save_state(counts)

    def _write_pages(self, status: str) -> None:
        """Writes what was found so far; the page not more often than it is looked at."""
        (self._output / layout.PROGRESS).write_bytes(self._history.parquet())
        new = self._trainer.steps_done == 0  # there is nothing to draw
        if new or (status == RUNNING and time.monotonic() - self._drawn < _PAGE_EVERY_S):
            return
        table = self._history.table
        for name, file in training_pages(self._job, self._trainer, self.record, table).items():
            (self._output / name).write_bytes(file)
        self._drawn = time.monotonic()

    def _keep(self, number: int, content: bytes) -> None:
        """Keeps the generators of a save, and the last few before it.

        Those of higher numbers are of an earlier session, whose saves were closer to each other.
        """
        folder, keep = self._output / layout.TRAINED / layout.EARLIER_MODELS, self._job.train.keep
        own = layout.earlier_model(number)
        if keep:
            (folder / own).write_bytes(content)
        names = filter(layout.is_of_save, folder.names())
        there = sorted(names, key=lambda name: (name <= own, name))
        folder.delete_files(there[: max(0, len(there) - keep)])

    def _fill_record(self, status: str) -> None:
        record, trainer = self.record, self._trainer
        record.status, record.step, record.steps = status, trainer.steps_done, trainer.steps
        record.images, record.seconds = trainer.images_seen, round(self.seconds, 3)
        record.images_per_second = round(self._speed(), 3)
        left = self._left()
        record.seconds_left = None if left is None else round(left, 1)
        record.losses, record.measures = as_json(self._losses), as_json(self._measures)

    def _show_record(self, sync: Sync) -> None:
        self.record.save(self._output, sync)
        self._shown = time.monotonic()

    @property
    def _trained(self) -> float:
        """The time, without what saves took."""
        return time.monotonic() - self._saving

    def _speed(self) -> float:
        """Images a second, lately, between saves."""
        (first, before), (last, now) = self._speeds[0], self._speeds[-1]
        return (now - before) / (last - first) if last > first else 0.0

    def _left(self) -> float | None:
        """Seconds until the last step, saves included; None: not known yet."""
        trainer, speed = self._trainer, self._speed()
        if not (speed and trainer.steps_done):
            return None
        images = (trainer.steps - trainer.steps_done) * trainer.images_seen / trainer.steps_done
        saves = self.number(trainer.steps) - self.number(trainer.steps_done)
        return images / speed + saves * self._last_save

    def _tell(self) -> None:
        trainer = self._trainer
        standing = Standing(
            trainer.steps_done,
            trainer.steps,
            trainer.images_seen,
            self._speed(),
            self._left(),
            self._losses,
            self._measures,
        )
        self._watcher.tell(standing)

    def _facts(self) -> dict[str, float | int]:
        return {"step": self._trainer.steps_done, "steps": self._trainer.steps}

    @property
    def _at(self) -> tuple[int, int, float]:
        trainer = self._trainer
        return trainer.steps_done, trainer.images_seen, round(self.seconds, 3)


def _png(pixels: Pixels) -> bytes:
    return encode_png(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels)
