"""A flow: augmented batches for training, plain ones for validation."""

from dataclasses import dataclass, field, replace
from typing import Final

from raydrift.checked import at_least, check_types, choose, require
from raydrift.errors import SettingsError
from raydrift.settings.augment import Augment
from raydrift.settings.generate import GenerateSettings

SMALLER: Final = "smaller"
WRAPPED: Final = "wrapped"
DROPPED: Final = "dropped"
LAST: Final = (SMALLER, WRAPPED, DROPPED)
"""What an epoch's last batch is where the samples do not fill it: smaller, filled up with samples
of a second order, or left out."""

REPLACE: Final = "replace"
RAISE: Final = "raise"
ON_ERROR: Final = (REPLACE, RAISE)
"""What is done where an image cannot be used: another one takes its place, or the flow stops."""


@dataclass(frozen=True)
class FlowSettings:
    """A flow.

    Attributes:
        run: The images: input, size, seed, masks, raw files, ranges, and the drifts on the
            timeline, which is the samples seen. Its transforms are those of ``augment``.
        augment: What happens to images for training.
        batch_size: Images a batch.
        validation: The share of each class that is for validation, 0 to below 1.
        group: The column of a manifest whose rows of one value are not to be split.
        more_masks: Folders of further masks, as ``run.masks`` is one.
        boxes: The column of a manifest with the boxes on each image: lists of x1, y1, x2, y2.
        points: The column of a manifest with the points on each image: lists of x, y.
        relative: Whether boxes and points are shares of width and height, 0 to 1, here and in
            batches; else pixels of the file, and of the image in a batch.
        min_visible: A box of which a smaller share is left on an image is dropped.
        last: What an epoch's last batch is where images do not fill it: ``smaller``, ``wrapped`` or
            ``dropped``.
        on_error: What is done where an image cannot be used: ``replace`` or ``raise``.
        epochs: How many there are to be: fractions on the timeline are of all their samples, and
            after the last one the workers end. None: of one epoch, and they do not end.
        workers: Processes of Ray that make batches; 0: this process makes them; below 1: a share of
            the CPUs. None: this process, or from 2,000 images on every CPU.
        ahead: Batches that may be done before they are used.
        rank: Which of several processes that share each epoch this one is, from 0.
        world_size: How many they are: this one has the batches rank, rank + world_size, …
        even: Whether all of them have as many batches: those of a last round that is not for all
            are left out.

    Raises:
        SettingsError: (a ``ValueError``) One of them cannot be.
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
        workers = self.workers
        ok = workers is None or (workers >= 0 and (workers < 1 or workers % 1 == 0))
        remedy = "give a whole number, 0 for this process, or a share of the CPUs below 1"
        require(ok, "workers", workers, remedy)
        at_least(1, "ahead", self.ahead)
        at_least(1, "world_size", self.world_size)
        ok = 0 <= self.rank < self.world_size
        require(ok, "rank", self.rank, f"give 0 to {self.world_size - 1}: world_size - 1")
        self.run.check_no_copies()
        if self.run.transforms:
            raise SettingsError(
                "transforms: a flow's are those of its augmentation: give augment.drift"
            )
        infos, profile = self.augment.transforms(), self.augment.profile(self.run.profile)
        run = replace(self.run, transforms=infos, profile=profile)
        object.__setattr__(self, "run", run)
