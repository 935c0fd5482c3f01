"""From the pixels of images to a model's logits, on a CPU or a GPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from raydrift.errors import TaskError, reason
from raydrift.images.pixels import RGB, check_rgb
from raydrift.settings.task import TaskSettings
from raydrift.tasks.files import TaskFile
from raydrift.tasks.loading import load_model

BATCH_SIZE: Final = {"cpu": 8, "cuda": 32}
"""The most images that pass the model at once where the settings do not say, by device."""

_PIXELS_AT_ONCE: Final = 2**25
"""Larger images than 1024 x 1024 come in smaller batches on a GPU, on a CPU than 2048 x 2048."""

_ALIKE: Final = 1e-3
"""How far two answers for one image may be apart, as a part of the largest logit: rounding."""

_LONGEST: Final = 200

Logits = npt.NDArray[np.float32]


class TaskModel:
    """Asks a model.

    An image's answer depends on the image alone: every call of the model has the same number of
    images, filled up with some of them where there are fewer. If answers depend on an image's place
    or on the others even so, by rounding, fewer places are used, in the end one.

    Args:
        file: What ``find_task`` found.
        settings: Normalisation and batch size.
        device: ``cpu`` or a CUDA device; None: the GPU if there is one, else the CPU.
        threads: CPU threads that the model may use; None: as many as torch likes.

    Raises:
        TaskError: The file cannot be loaded, or takes something else than images.
    """

    def __init__(
        self,
        file: TaskFile,
        settings: TaskSettings,
        device: str | None = None,
        threads: int | None = None,
    ) -> None:
        if threads is not None:
            torch.set_num_threads(threads)
        self._name = file.name
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        with self._named():  # tensors that are made in inference mode take no part in gradients
            self._model = load_model(file, self._device)
        self._batch = settings.batch_size or BATCH_SIZE[self._device.type]
        self._scale: tuple[Tensor, Tensor] | None = None
        if settings.channels is not None:
            mean, deviation = (
                torch.tensor(one, dtype=torch.float32, device=self._device).view(1, 3, 1, 1)
                for one in settings.channels
            )
            self._scale = mean, deviation
        self._places: tuple[tuple[int, int], int, int] | None = None

    def platform(self, height: int, width: int) -> str:
        """A checksum of what the model answers here on images that are the same everywhere.

        Args:
            height: The height of the images that will come, pixels.
            width: The width, pixels.
        """
        images = np.resize(np.arange(251, dtype=np.uint8), (2, height, width, 3))
        return sha256(self(images).tobytes()).hexdigest()[:8]

    def __call__(self, pixels: RGB) -> Logits:
        """Asks the model about images.

        Args:
            pixels: uint8 RGB of shape (n, height, width, 3), n at least 1.

        Returns:
            float32 of shape (n, …), in whatever further dimensions the model answers.

        Raises:
            PipelineError: The pixels are of another kind.
            TaskError: The model takes another size, fails, or does not answer in numbers that
                depend on each image alone.
        """
        check_rgb(pixels, "the task's model")
        with self._named(), self._ready():
            height, width = pixels.shape[1:3]
            if self._places is None or self._places[0] != (height, width):
                self._places = (height, width), *self._settled(height, width)
            _, size, used = self._places
            parts = [
                self._asked(part[np.arange(size) % len(part)])[: len(part)]
                for part in (pixels[at : at + used] for at in range(0, len(pixels), used))
            ]
        return np.concatenate(parts)

    def differentiable(self, pictures: Tensor) -> Tensor:
        """Asks the model about pictures, as a function with gradients.

        Answers may depend on an image's place by rounding, which ``__call__`` sees to.

        Args:
            pictures: float32 in [0, 1] of shape (n, 3, height, width), n at least 1.

        Returns:
            float32 of shape (n, …).

        Raises:
            TaskError: The model takes another size, fails, does not answer in numbers, or its
                answers have no gradient.
        """
        least, most = self._model.batch
        size = most or len(pictures)
        with self._named():
            self._check_size(*pictures.shape[2:])
            parts = [
                self._with_gradient(part, max(least, len(part)))
                for part in pictures.to(self._device).split(size)
            ]
        return torch.cat(parts)

    def _with_gradient(self, pictures: Tensor, size: int) -> Tensor:
        """What the model says of some pictures, filled up to a number of them."""
        count = len(pictures)
        filled = pictures[torch.arange(size, device=pictures.device) % count]
        said = self._said_of(self._normalized(filled))
        logits = _checked(said, size)[:count]
        if pictures.requires_grad and not logits.requires_grad:
            raise ValueError(
                "its answers have no gradient, which the search for a camera climbs: export it "
                "without torch.no_grad, detach, rounding or quantisation"
            )
        return logits.to(torch.float32)

    def _settled(self, height: int, width: int) -> tuple[int, int]:
        """How many images each call has, and how many of its places are used.

        Raises:
            ValueError: The model takes another size, or one answer depends on other images.
        """
        self._check_size(height, width)
        least, most = self._model.batch
        size = max(least, min(self._batch, most or self._batch))
        while size > least and size * height * width > _PIXELS_AT_ONCE:
            size = max(least, size // 2)
        noise = np.random.default_rng(0).integers(0, 256, (size + 1, height, width, 3), np.uint8)
        while not self._places_agree(noise[0], noise[1 : size + 1]):
            if size == least:
                return size, 1
            size = max(least, size // 2)
        return size, size

    def _places_agree(self, image: RGB, others: RGB) -> bool:
        """Whether an image has the same answer in every place, whichever the others are."""
        size = len(others)
        alike = np.broadcast_to(image, others.shape)
        answers = [self._asked(alike), self._asked(alike)]
        for first in (0, 1) if size > 1 else ():
            mixed = others.copy()
            mixed[first::2] = image
            answers.append(self._asked(mixed)[first::2])
        found = np.concatenate(answers)
        tolerance = _ALIKE * float(np.abs(np.nan_to_num(found)).max(initial=0))
        if not np.allclose(found, found[:1], rtol=0, atol=tolerance, equal_nan=True):
            raise ValueError(
                "its answer for an image is another one each time, or depends on the other images "
                "of a batch: call model.eval() before you export it"
            )
        return np.array_equal(found, np.broadcast_to(found[:1], found.shape), equal_nan=True)

    def _check_size(self, height: int, width: int) -> None:
        wanted = self._model.size
        found = (height, width)
        if any(one not in (None, here) for one, here in zip(wanted, found, strict=True)):
            high, wide = (one or here for one, here in zip(wanted, found, strict=True))
            raise ValueError(
                f"it was exported for images of {high} x {wide} pixels, and these are "
                f"{height} x {width}: set image.height to {high} and image.width to {wide}, "
                "or export it for any size"
            )

    def _asked(self, pixels: RGB) -> Logits:
        """What the model says of a whole batch."""
        images = torch.from_numpy(np.array(pixels)).to(self._device)
        images = images.permute(0, 3, 1, 2).contiguous().to(torch.float32).div_(255)
        said = self._said_of(self._normalized(images))
        logits: Logits = _checked(said, len(pixels)).to(torch.float32).cpu().numpy()
        return logits

    def _normalized(self, images: Tensor) -> Tensor:
        if self._scale is None:
            return images
        mean, deviation = self._scale
        return images.sub(mean).div_(deviation)

    def _said_of(self, images: Tensor) -> Any:
        """Whatever the model answers to float32 of shape (n, 3, height, width).

        Raises:
            ValueError: It fails.
        """
        height, width = images.shape[2:]
        try:
            return self._model.forward(images)
        except Exception as error:  # whatever a network of the user's raises
            raise ValueError(
                f"it fails on images of {height} x {width} pixels ({_said(error)}): "
                "give those that it was made for, with image.height and image.width, or fewer at "
                "once, with task.batch_size"
            ) from None

    @contextmanager
    def _named(self) -> Iterator[None]:
        """What is wrong is said of the model."""
        try:
            yield
        except ValueError as error:
            raise TaskError(f"task {self._name!r}: {error}") from None

    @contextmanager
    def _ready(self) -> Iterator[None]:
        """On the device, with nothing kept for gradients; on a GPU, float32 is not TF32."""
        with torch.inference_mode():
            if self._device.type != "cuda":
                yield
                return
            tf32 = torch.backends.cuda.matmul.allow_tf32
            torch.backends.cuda.matmul.allow_tf32 = False
            exact = torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False)
            try:
                with torch.cuda.device(self._device), exact:
                    yield
            finally:
                torch.backends.cuda.matmul.allow_tf32 = tf32


def _said(error: Exception) -> str:
    """What a network failed with, without TorchScript's trace of it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    is_traced = len(lines) > 1 and "TorchScript" in lines[0]
    return (lines[-1] if is_traced else reason(error))[:_LONGEST]


def _checked(said: Any, count: int) -> Tensor:
    """The answer of a model as a tensor of floats.

    Raises:
        ValueError: It is not one tensor with a row an image.
    """
    if isinstance(said, tuple | list) and len(said) == 1:
        said = said[0]
    if not isinstance(said, Tensor):
        raise ValueError(f"it answers with a {type(said).__name__}: export one that gives a tensor")
    if not said.is_floating_point() or said.dim() < 1 or len(said) != count:
        kind = str(said.dtype).removeprefix("torch.")
        raise ValueError(
            f"it answers {count} images with {kind} of shape {tuple(said.shape)}: "
            "export one that gives logits, (n, classes)"
        )
    return said
