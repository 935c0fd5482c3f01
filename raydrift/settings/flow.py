"""A flow: augmented batches for training, plain ones for validation."""

from dataclasses import dataclass, field
from typing import Any, Final

from raydrift.checked import at_least, check_types, choose, require
from raydrift.errors import SettingsError
from raydrift.settings.augment import Augment
from raydrift.settings.generate import GenerateSettings

SMALLER: Final = "smaller"
WRAPPED: Final = "wrapped"
DROPPED: Final = "dropped"
LAST: Final = (SMALLER, WRAPPED, DROPPED)
"""The last batch of an epoch when too few samples are left for it: smaller, filled with samples of
the same epoch, or left out."""

REPLACE: Final = "replace"
RAISE: Final = "raise"
ON_ERROR: Final = (REPLACE, RAISE)
"""An unusable image is replaced by another one, or the flow stops."""


@dataclass(frozen=True)
class FlowSettings:
    """A flow.

    Attributes:
        run: The images: input, size, seed, masks, raw files, ranges, and the drifts on the
            timeline, which is the samples seen. Its transforms are those of ``augment``.
        augment: What happens to images for training.
        batch_size: Images per batch.
        validation: The share of each class that is for validation, 0 to below 1.
        group: A column of the manifest. Rows with the same value stay in the same part.
        more_masks: Folders of further masks, as ``run.masks`` is one.
        boxes: The column of a manifest with the boxes on each image: lists of x1, y1, x2, y2.
        points: The column of a manifest with the points on each image: lists of x, y.
        relative: Boxes and points are shares of width and height, 0 to 1, in the manifest and in
            batches; else pixels of the file, and of the image in a batch.
        min_visible: A box is dropped if less than this share of it is inside the image.
        last: The last batch of an epoch when too few images are left for it: ``smaller``,
            ``wrapped`` or ``dropped``.
        on_error: ``replace`` an unusable image by another one, or ``raise`` an error.
        epochs: The number of epochs. Fractions on the timeline are shares of all their samples. The
            workers stop after the last epoch. None: fractions are shares of one epoch, and the
            workers do not stop.
        workers: Processes of Ray that make batches; 0: this process makes them; below 1: a share of
            the CPUs. None: this process for inputs of up to 2,000 images, else all CPUs.
        ahead: Batches prepared in advance, beside two per worker.
        rank: Which of several processes that share each epoch this one is, from 0.
        world_size: The number of processes: this one gets the batches rank, rank + world_size, …
        even: All ranks get the same number of training batches; the remaining ones are left out.

    Raises:
        SettingsError: (a ``ValueError``) A setting is invalid.
    """

    run: GenerateSettings
    augment: Augment = field(default_factory=Augment)
    batch_size: int = 32
    validation: float = 0.0
    group: str | None = None
    more_masks: tuple[str, ...] = ()
    boxes: str | None = None
    points: str | None = None
    relative: bool = False
    min_visible: float = 0.1
    last: str = SMALLER
    on_error: str = REPLACE
    epochs: int | None = None
    workers: float | None = None
    ahead: int = 4
    rank: int = 0
    world_size: int = 1
    even: bool = False

    def __post_init__(self) -> None:
        check_types(self)
        at_least(1, "batch_size", self.batch_size)
        ok = 0 <= self.validation < 1
        remedy = "give the share of images for validation, from 0 to below 1"
        require(ok, "split", self.validation, remedy)
        ok = self.group is None or self.validation > 0
        require(ok, "group", self.group, "it is for a split: give split, as 0.2, too")
        ok = not self.more_masks or self.run.raw is None
        require(ok, "more_masks", self.more_masks, "raw files have one mask: leave it out")
        ok = 0 <= self.min_visible <= 1
        require(ok, "min_visible", self.min_visible, "give a share, 0 to 1")
        choose("last", self.last, LAST)
        choose("on_error", self.on_error, ON_ERROR)
        at_least(1, "epochs", self.epochs)
        check_workers(self.workers)
        at_least(1, "ahead", self.ahead)
        at_least(1, "world_size", self.world_size)
        ok = 0 <= self.rank < self.world_size
        require(ok, "rank", self.rank, f"give 0 to {self.world_size - 1}: world_size - 1")
        self.run.check_no_copies()
        if self.run.transforms not in ((), self.augment.transforms()):
            raise SettingsError(
                "transforms: a flow's are those of its augmentation: give augment.drift"
            )
        for name in ("num_samples", "label_shift", "stream"):
            value = getattr(self.run, name)
            require(not value, name, value, "a flow has all images of each epoch: leave it out")
        require(self.run.start == 0, "start", self.run.start, "a flow begins at 0: leave it out")
        self.run.check_keeps_images("a flow")
        if self.run.profile.blends(self.run.infos):
            raise SettingsError(
                "twin: a flow reads no twins: make the drifted images with raydrift generate, and "
                "give its output to the flow"
            )
        object.__setattr__(self, "run", self.augment.in_run(self.run))


def check_workers(workers: Any) -> None:
    """Makes sure of a number of workers of a flow; None: the flow chooses.

    Raises:
        SettingsError: It is neither a whole number nor a share of the CPUs below 1.
    """
    ok = workers is None or (
        isinstance(workers, int | float) and workers >= 0 and (workers < 1 or workers % 1 == 0)
    )
    remedy = "give a whole number, 0 for this process, or a share of the CPUs below 1"
    require(ok, "workers", workers, remedy)
