"""One training of an adjustment: the model with its camera, or the model alone."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from raydrift.camera.differentiable import forensic_bounds, project
from raydrift.drift.camera.setup import CameraSetup
from raydrift.embed.platform import embedding_platform
from raydrift.errors import PipelineError, TaskError
from raydrift.images.pixels import RGB
from raydrift.settings.adjust import LAST, AdjustSettings
from raydrift.tasks.classification import Answers, ClassificationCounts
from raydrift.tasks.files import TaskFile
from raydrift.tasks.losses import mean_loss
from raydrift.tasks.segmentation import SegmentationCounts
from raydrift.tasks.training.adjusted import Adjusted, Given
from raydrift.tasks.training.augmentations import draw_changes, moved
from raydrift.tasks.training.batches import Targets, as_images
from raydrift.tasks.training.exact import exact_numbers
from raydrift.tasks.training.given import given_network, last_layer
from raydrift.tasks.training.loop import Training
from raydrift.tasks.training.losses import dice_loss
from raydrift.tasks.training.order import EpochOrder

_ASKED_AT_ONCE: Final = 32
_TRIED: Final = 4  # pictures, to tell the kind of machine

Held = tuple[RGB, Targets]
"""Pictures, uint8 RGB of shape (n, height, width, 3), and what is right of them."""


@dataclass(frozen=True)
class CurvePoint:
    """How a training stands after an epoch.

    Attributes:
        epoch: 0: before the first step.
        loss: The mean of the epoch's steps; NaN before the first.
        quality: Accuracy, or mean IoU, of the pictures that it does not learn from.
        f1: The mean of F1 over the classes; NaN of masks.
        nll: Their mean negative log likelihood, nats; NaN of masks.
    """

    epoch: int
    loss: float
    quality: float
    f1: float = math.nan
    nll: float = math.nan


@dataclass(frozen=True)
class Start:
    """What every training of an adjustment begins with.

    Attributes:
        settings: How it is trained.
        file: The user's model.
        classes: How many classes the images have.
        has_masks: Whether the model answers for each pixel.
    """

    settings: AdjustSettings
    file: TaskFile
    classes: int
    has_masks: bool


class Adjuster:
    """One training, from the user's model and the reference camera on.

    Args:
        start: What it begins with.
        learned: Whether the camera learns too.
        seed: Of ``training_seed``: the same images in the same order for both kinds.
        device: ``cpu``, where one thread reckons, or ``cuda``.
    """

    def __init__(self, start: Start, learned: bool, seed: int, device: str = "cpu") -> None:
        self._start, self._learned, self._seed = start, learned, seed
        self._device = torch.device(device)
        self._setup: CameraSetup = start.settings.run.profile.setup("camera")
        self._model, self._training = self._begun()
        self._curve: list[CurvePoint] = []
        self._losses: list[float] = []  # of the epoch's steps so far

    def learn(
        self,
        train: Held,
        test: Held,
        begun: bytes | None = None,
        keep: Callable[[Callable[[], bytes]], object] = lambda _: None,
    ) -> list[CurvePoint]:
        """Takes all epochs.

        Args:
            train: What is learned from, at least two pictures.
            test: What is asked about before the first epoch and after each.
            begun: What ``keep`` was given when the same training was stopped; what is not of it is
                passed over.
            keep: Is given, after each step, what makes the state to go on from.

        Returns:
            How it stood before the first epoch and after each.

        Raises:
            PipelineError: The loss is no number any more.
            TaskError: The model's answers are of another shape.
        """
        if begun is not None:
            self._restore(begun)
        batches = _Batches(train, self._start, self._seed, self._device)
        bounds = forensic_bounds(self._begun_camera) if self._learned else {}

        def after() -> None:
            project(self._model.camera, bounds)
            self._losses.append(self._training.last_loss)
            if self._training.steps % len(batches):
                keep(self._state)

        with exact_numbers(self._device):
            if not self._curve:
                self._curve.append(self._point(0, test))
            while len(self._curve) <= self._start.settings.epochs:
                epoch = len(self._curve)
                self._training.run(batches, epoch * len(batches), after)
                self._curve.append(self._point(epoch, test))
                self._losses = []
                keep(self._state)
        return list(self._curve)

    def camera_state(self) -> dict[str, Any]:
        """The numbers of the camera by their published names, as nested lists."""
        parameters = self._model.camera.named_parameters()
        return {name: one.detach().cpu().tolist() for name, one in parameters}

    def program(self, height: int, width: int) -> bytes:
        """The camera and the model as a ``torch.export`` program, from photographs to answers.

        It takes pixels from 0 to 1 as they are: normalisation is in it.
        """
        model, file = self._model.eval(), BytesIO()
        images = torch.full((2, 3, height, width), 0.5, device=self._device)
        with exact_numbers(self._device), torch.no_grad():
            program = torch.export.export(
                model, (images,), dynamic_shapes=({0: torch.export.Dim("n")},)
            )
        torch.export.save(program, file)
        return file.getvalue()

    def directly(self, held: Held) -> CurvePoint:
        """What the model gets right of pictures as they are, past the camera.

        Raises:
            TaskError: The model's answers are of another shape.
        """
        with exact_numbers(self._device):
            return CurvePoint(0, math.nan, *_scores(self._counts(held, False)))

    def platform(self, height: int, width: int) -> str:
        """The kind of machine this is, as far as what is learned here depends on it."""
        pixels = np.resize(np.arange(251, dtype=np.uint8), (_TRIED, height, width, 3))
        targets: Targets = np.arange(_TRIED) % self._start.classes
        if self._start.has_masks:
            targets = np.zeros((_TRIED, height, width), np.uint8)
        tried = Adjuster(self._start, True, 0, self._device.type)
        with exact_numbers(self._device):
            batches = _Batches((pixels, targets), self._start, 0, self._device)
            tried._training.run(batches, 2)
        logits = tried._logits(pixels, True).astype(np.float64)
        return embedding_platform(self._device, torch.float32, logits)

    @property
    def _begun_camera(self) -> Any:
        """The camera as it begins, whose gains keep their signs."""
        return Adjusted(self._setup, torch.nn.Identity()).camera.to(self._device)

    def _begun(self) -> tuple[Adjusted, Training]:
        start, settings = self._start, self._start.settings
        network = given_network(start.file, self._device)
        model = Adjusted(
            self._setup,
            network,
            settings.task.channels,
            batch_norm=settings.batch_norm,
            body_stays=settings.learn == LAST,
        ).to(self._device)
        chosen = list(network.parameters())
        if settings.learn == LAST:
            network.requires_grad_(False)
            chosen = last_layer(network)
            for one in chosen:
                one.requires_grad_(True)
        model.camera.requires_grad_(self._learned)
        rate, camera_rate = settings.rates
        groups: list[dict[str, Any]] = [{"params": chosen, "lr": rate}]
        if self._learned:
            groups.append({"params": list(model.camera.parameters()), "lr": camera_rate})
        optimizer = torch.optim.Adam(groups, weight_decay=settings.weight_decay, fused=True)
        return model, Training(model, optimizer, self._loss)

    def _loss(self, answers: Any, right: Tensor) -> Tensor:
        logits = _tensor(answers, self._start, len(right))
        if not self._start.has_masks:
            return mean_loss(logits, right)
        ignore = self._start.settings.task.ignore
        if logits.shape[1] == 1 and ignore is None:
            return dice_loss(logits, (right[:, None] != 0).float())
        return mean_loss(logits, right, right, ignore)

    def _point(self, epoch: int, test: Held) -> CurvePoint:
        loss = math.nan if epoch == 0 else float(np.mean(self._losses))
        return CurvePoint(epoch, loss, *_scores(self._counts(test, True)))

    def _counts(self, held: Held, through: bool) -> ClassificationCounts | SegmentationCounts:
        pixels, targets = held
        logits = self._logits(pixels, through)
        if not np.isfinite(logits).all():
            raise PipelineError("the model's answers are not finite: give a smaller --lr")
        if self._start.has_masks:
            try:
                ignore = self._start.settings.task.ignore
                return SegmentationCounts.of(logits, targets, ignore)
            except ValueError as error:
                raise TaskError(f"task {self._start.file.name!r}: {error}") from None
        return ClassificationCounts.of(Answers.of(logits, targets), self._start.classes)

    def _logits(self, pixels: RGB, through: bool) -> "np.ndarray[Any, np.dtype[np.float32]]":
        model, parts = self._model.eval(), []
        with torch.inference_mode():
            for at in range(0, len(pixels), _ASKED_AT_ONCE):
                images = as_images(pixels[at : at + _ASKED_AT_ONCE], self._device)
                said = model(images) if through else model.directly(images)
                parts.append(_tensor(said, self._start, len(images)).cpu().numpy())
        return np.concatenate(parts)

    def _state(self) -> bytes:
        file = BytesIO()
        curve = [list(vars(point).values()) for point in self._curve]
        whole = {"training": self._training.state(), "curve": curve, "losses": self._losses}
        torch.save(whole, file)
        return file.getvalue()

    def _restore(self, data: bytes) -> None:
        """Goes on from a state; from the beginning, where it is not of this training."""
        try:
            whole: Mapping[str, Any] = torch.load(BytesIO(data), weights_only=True)
            self._training.restore(whole["training"])
            self._curve = [CurvePoint(int(epoch), *rest) for epoch, *rest in whole["curve"]]
            self._losses = list(whole["losses"])
        except Exception:
            self._model, self._training = self._begun()
            self._curve, self._losses = [], []


class _Batches:
    """The batches of a training, each by the number of its step alone."""

    def __init__(self, held: Held, start: Start, seed: int, device: torch.device) -> None:
        self._pixels, self._targets = held
        self._start, self._seed, self._device = start, seed, device
        self._order = EpochOrder(len(self._pixels), start.settings.batch_size, seed)

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, step: int) -> tuple[Given, Tensor]:
        rows = self._order.rows(step)
        photos = as_images(self._pixels[rows], self._device)
        right = torch.from_numpy(np.ascontiguousarray(self._targets[rows])).to(self._device).long()
        name = self._start.settings.augmentation
        if name == "none":
            return Given(photos), right
        height, width = photos.shape[2:]
        epoch = self._order.epoch(step)
        changes = draw_changes(name, self._seed, epoch, rows, (height, width))
        if self._start.has_masks:
            right = moved(right[:, None].float(), changes)[:, 0].long()
        return Given(photos, changes), right


def _tensor(answers: Any, start: Start, count: int) -> Tensor:
    """The answers of the model, of the shape that the task wants.

    Raises:
        TaskError: They are of another one.
    """
    if isinstance(answers, tuple | list) and len(answers) == 1:
        (answers,) = answers
    wanted = "(n, classes or 1, height, width)" if start.has_masks else f"(n, {start.classes})"
    ok = isinstance(answers, Tensor) and answers.is_floating_point() and len(answers) == count
    if ok and start.has_masks:
        ok = answers.dim() == 4
    elif ok:
        ok = tuple(answers.shape[1:]) == (start.classes,)
    if not ok:
        said = tuple(answers.shape) if isinstance(answers, Tensor) else type(answers).__name__
        raise TaskError(
            f"task {start.file.name!r}: it answers {count} images with {said}, and the images "
            f"want {wanted}: give a model for them"
        )
    found: Tensor = answers
    return found.float()


def _scores(counts: ClassificationCounts | SegmentationCounts) -> tuple[float, float, float]:
    """Quality, F1 and negative log likelihood."""
    if isinstance(counts, SegmentationCounts):
        # Where there is no foreground and none is found, all is right.
        return float(np.nan_to_num(counts.mean_iou, nan=1.0)), math.nan, math.nan
    total = counts.total
    return total.accuracy, total.f1, total.nll
