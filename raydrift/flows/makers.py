"""What makes the batches of a flow, in any process: load, draw, apply, standardize."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift import seeds
from raydrift.augment.batches import Batch, BatchTask, Rejected
from raydrift.errors import ImageError, SettingsError
from raydrift.flows.consecutive import Consecutive
from raydrift.flows.drawing import drawing_from, state_of_batch
from raydrift.flows.hooks import Hooks, InBatch
from raydrift.flows.images import Images, WorkerImages
from raydrift.flows.levels import span_of, within
from raydrift.flows.order import KERAS
from raydrift.flows.replacing import nothing_found, others
from raydrift.flows.user_functions import ended
from raydrift.settings.flow import RAISE, REPLACE

Image = npt.NDArray[Any]
Parameters = Mapping[str, Any]


class UnusableImageError(ImageError, OSError):
    """An image of a flow cannot be used; an OSError, as Keras raises.

    Attributes:
        path: Its file.
    """

    def __init__(self, path: str, stage: str, reason: str) -> None:
        super().__init__(stage, reason)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: {ImageError.__str__(self)}"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.stage, self.reason)


class MissingImageError(UnusableImageError, FileNotFoundError):
    """An image of a flow is not there."""


@dataclass(frozen=True, eq=False)
class FlowBatches:
    """Makes batches of augmented images.

    Attributes:
        images: The images.
        generator: Draws, applies and standardizes; None: images are only loaded.
        ids: The row of each image among all, by which it draws: int64 of shape (n,), or as it.
        draws: ``sample`` or ``keras``.
        seed: The flow's seed.
        dtype: Of a batch.
        shape: Of an image; with None in it, images may be of any one shape.
        works_in: What images are augmented in; None: as they are loaded.
        augments: Whether images are augmented.
        standardizes: Whether they are standardized.
        on_error: ``replace`` or ``raise``.
        hooks: Functions of the user's that see each image.
    """

    images: Images
    generator: Any
    ids: npt.NDArray[np.int64] | Consecutive
    draws: str
    seed: int
    dtype: npt.DTypeLike
    shape: tuple[int | None, ...]
    works_in: npt.DTypeLike | None = None
    augments: bool = True
    standardizes: bool = True
    on_error: str = REPLACE
    hooks: Hooks | None = None

    def in_worker(self, restarted: bool) -> "FlowBatches":
        """The same for a process of its own, see ``WorkerMaker``."""
        if not isinstance(self.images, WorkerImages):
            return self
        return replace(self, images=self.images.in_worker(restarted))

    def make(self, task: BatchTask) -> Batch:
        """Makes a batch.

        Raises:
            ImageError: An image cannot be used and ``on_error`` is ``raise``, or none can be.
            RuntimeError: A function of the user's raised ``StopIteration``.
        """
        try:
            return self._made(task)
        except StopIteration as error:
            raise ended(error) from error

    def _made(self, task: BatchTask) -> Batch:
        rejected: dict[int, Rejected] = {}
        samples = task.samples.copy()
        found: Iterable[tuple[Any, int]] = self._found(task, rejected)
        if self.hooks is not None:  # a function is told of all samples of its batch
            found = list(found)
            samples[:] = [sample for _, sample in found]
        of_batch = None
        if self.draws == KERAS:
            of_batch = state_of_batch(KERAS, self.seed, task, len(self.images))
        # One image after the other, in the same memory: new memory takes as long as a warp.
        pixels: Image | None = None
        drawn = []
        for place, (image, sample) in enumerate(found):
            samples[place] = sample
            rng = of_batch or self._state(sample, task.epoch)
            with drawing_from(rng):
                x, parameters = self._augmented(image, InBatch(task, samples, place))
            if pixels is None:
                shape = np.shape(x) if None in self.shape else self.shape
                pixels = np.empty((len(samples), *shape), self.dtype)
            self._put(pixels, place, x)
            drawn.append(parameters)
        if pixels is None:
            pixels = np.empty((0, *(size or 0 for size in self.shape)), self.dtype)
        return Batch(task, (pixels,), samples, tuple(drawn), tuple(rejected.values()))

    def _found(self, task: BatchTask, rejected: dict[int, Rejected]) -> Iterator[tuple[Any, int]]:
        """The images of a batch, and which samples they are."""
        asked = task.samples.tolist()
        for image, sample in zip(self.images.each(asked), asked, strict=True):
            yield self._usable(image, sample, task.epoch, rejected)

    def _put(self, pixels: Image, place: int, x: Any) -> None:
        wanted, found = pixels.shape[1:], np.shape(x)
        if None in self.shape and found != wanted:
            raise SettingsError(
                f"images of shapes {wanted} and {found} are in one batch: give a target_size, or "
                "batch_size=1; functions return images of one shape"
            )
        try:
            pixels[place] = x
        except ValueError:
            raise SettingsError(
                f"an image is of shape {found} after the generator's functions, in a batch of "
                f"images of {wanted}: return images of this shape"
            ) from None

    def _state(self, sample: int, epoch: int) -> np.random.RandomState:
        return seeds.random_state(self.seed, seeds.FLOW_DRAW, int(self.ids[sample]), epoch)

    def _usable(
        self, image: Any, sample: int, epoch: int, rejected: dict[int, Rejected]
    ) -> tuple[Any, int]:
        """An image, or the first of others that can be used, and which one it is."""
        if not isinstance(image, ImageError):
            return image, sample
        path = self.images.path(sample)
        if self.on_error == RAISE or image.passing:  # the image itself may be fine
            raise _unusable(path, image) from None
        rejected[sample] = Rejected(sample, path, str(image))
        row, count = int(self.ids[sample]), len(self.images)
        tried = 0
        for other in others(self.seed, row, sample, epoch, count):
            tried += 1
            if other in rejected:
                continue
            try:
                return self.images.load(other), other
            except ImageError as error:
                rejected[other] = Rejected(other, self.images.path(other), str(error))
        raise ImageError("read", nothing_found(rejected[sample], tried))

    def _augmented(self, x: Any, where: InBatch) -> tuple[Any, Parameters]:
        """An image augmented and standardized, and what was drawn for it."""
        generator, hooks = self.generator, self.hooks
        if generator is None:
            return x, {}
        works_in = self.works_in
        if hooks is not None and hooks.before is not None:
            x = hooks.call(hooks.before, x, where)
            works_in = self._floats_of_hooks
        parts = [np.asarray(part) for part in (x if isinstance(x, list) else [x])]
        parameters = self._drawn(parts[0].shape)
        parts = [self._moved(part, parameters, works_in) for part in parts]
        x = parts if isinstance(x, list) else parts[0]
        if hooks is not None and hooks.after is not None:
            x = self._floats(hooks.call(hooks.after, x, where))
        if not self.standardizes:
            return x, parameters
        if isinstance(x, list):
            return [generator.standardize(part) for part in x], parameters
        return generator.standardize(x), parameters

    def _moved(self, x: Image, parameters: Parameters, works_in: npt.DTypeLike | None) -> Image:
        with within(span_of(x)):
            if works_in is not None:
                x = x.astype(works_in, copy=False)
            moved: Image = self.generator.apply_transform(x, parameters)
        return moved

    def _drawn(self, shape: tuple[int, ...]) -> Parameters:
        if self.augments:
            found: Parameters = self.generator.get_random_transform(shape)
            return found
        plain: Parameters = getattr(self.generator, "default_transform", {})
        return plain

    def _floats(self, x: Any) -> Any:
        """What a function returned, for the next step to write in."""
        if isinstance(x, list):
            return [self._floats(part) for part in x]
        return np.asarray(x, dtype=self._floats_of_hooks)

    @property
    def _floats_of_hooks(self) -> npt.DTypeLike:
        """float32, or as batches are."""
        is_float = np.issubdtype(np.dtype(self.dtype), np.floating)
        return self.dtype if is_float else np.float32


def _unusable(path: str, error: ImageError) -> UnusableImageError:
    missing = isinstance(error.__cause__, FileNotFoundError)
    kind = MissingImageError if missing else UnusableImageError
    return kind(path, error.stage, error.reason)
