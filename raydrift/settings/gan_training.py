"""How a generative network is trained: what CycleGAN and StyleGAN2 have in common."""

from dataclasses import dataclass
from math import isfinite
from typing import Final, Literal

from raydrift.checked import as_written, at_least, choose, require
from raydrift.errors import SettingsError

AUTO: Final = "auto"

SIDE: Final = 256
"""Height and width of generated images, unless the settings say otherwise."""

PRECISIONS: Final = ("float32", "bfloat16")
ON_COLLAPSE: Final = ("warn", "stop")


@dataclass(frozen=True)
class GanTraining:
    """What the trainings of all generative networks have in common.

    Attributes:
        batch_size: Images per step, over all workers.
        workers: Processes that train together; ``auto``: one per free GPU, else 1.
        precision: ``float32`` or ``bfloat16`` (autocast).
        max_hours: The training stops after so many hours, saved; the same command continues it.
            None: no limit.
        log_every: Steps between two log lines.
        save_every: Epochs (CycleGAN) or thousands of images (StyleGAN2) between two saves.
        keep: How many generators of earlier saves are kept in ``model/checkpoints/``.
        held_out: The share of the images, 0 to 0.5, that the training does not see; the measures
            are taken on them.
        resume: A finished run's folder, a ``training.pt`` or a ``generator.safetensors`` that the
            training starts from; None: new networks.
        weights: The network that measures the generated images at every save, as
            ``EmbeddingSettings.weights``; None: they are measured by their pixels alone.
        on_collapse: When generated images become alike: ``warn`` or ``stop``.
    """

    batch_size: int = 1
    workers: int | Literal["auto"] = "auto"
    precision: str = "float32"
    max_hours: float | None = None
    log_every: int = 5
    save_every: int = 5
    keep: int = 2
    held_out: float = 0.1
    resume: str | None = None
    weights: str | None = None
    on_collapse: str = "warn"

    def check(self) -> None:
        """Checks the values.

        Raises:
            SettingsError: One is out of range.
        """
        for name in ("batch_size", "log_every", "save_every"):
            at_least(1, f"train.{name}", getattr(self, name))
        ok = self.workers == AUTO or (isinstance(self.workers, int) and self.workers >= 1)
        require(ok, "train.workers", self.workers, 'give "auto" or at least 1')
        choose("train.precision", self.precision, PRECISIONS)
        choose("train.on_collapse", self.on_collapse, ON_COLLAPSE)
        at_least(0, "train.keep", self.keep)
        ok = 0 <= self.held_out <= 0.5
        require(ok, "train.held_out", self.held_out, "give a share from 0 to 0.5")
        ok = self.max_hours is None or (isfinite(self.max_hours) and self.max_hours > 0)
        require(ok, "train.max_hours", self.max_hours, "give a number of hours above 0")
        ok = self.weights is None or bool(self.weights)
        require(ok, "train.weights", self.weights, "give imagenet, random or the path of a network")
        ok = self.resume is None or bool(self.resume)
        require(ok, "train.resume", self.resume, "give the path of a run or of a model")

    @property
    def together(self) -> int:
        """So many images of a batch have to be at one worker, since they are compared."""
        return 1

    def can_be_shared(self, workers: int) -> bool:
        """Whether so many workers can share a batch."""
        share, rest = divmod(self.batch_size, workers)
        return not rest and (workers == 1 or share % self.together == 0)

    def check_shared(self, workers: int) -> None:
        """Makes sure that workers can share a batch.

        Raises:
            SettingsError: They cannot.
        """
        if self.can_be_shared(workers):
            return
        least = workers * self.together
        raise SettingsError(
            f"train.batch_size is {self.batch_size}, which {workers} workers cannot share"
            + (" equally" if self.together == 1 else f" in groups of {self.together}")
            + f": give a multiple of {least}, or fewer train.workers"
        )


def check_resume(resume: str | None, output: str) -> None:
    """Checks that a new training does not begin with what lies where it is written itself.

    Raises:
        SettingsError: It does: ``--overwrite`` would delete it before it is read.
    """
    ok = resume is None or not f"{as_written(resume)}/".startswith(f"{as_written(output)}/")
    require(ok, "train.resume", resume, "that is in the output: choose another output")


def check_rate(name: str, rate: float) -> None:
    """Checks a learning rate.

    Raises:
        SettingsError: It is not a finite number above 0.
    """
    require(isfinite(rate) and rate > 0, name, rate, "give a number above 0")
