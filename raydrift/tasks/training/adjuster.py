"""One training of an adjustment: the model with its camera, or the model alone."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from raydrift.camera.differentiable import Parametrised, forensic_bounds, project
from raydrift.embed.platform import embedding_platform
from raydrift.errors import TaskError, reason
from raydrift.images.pixels import Array
from raydrift.settings.adjust import ALL, LAST, NOTHING, PARAMETRIZED
from raydrift.tasks.losses import dice_loss, mean_loss
from raydrift.tasks.segmentation import check_masks
from raydrift.tasks.training.adjusted import Adjusted, Given
from raydrift.tasks.training.asking import (
    Held,
    Start,
    answered,
    counts_of,
    logits_of,
    scores_of,
)
from raydrift.tasks.training.batches import Steps, Targets, as_images
from raydrift.tasks.training.exact import exact_numbers
from raydrift.tasks.training.given import given_network, last_layer
from raydrift.tasks.training.loop import Training
from raydrift.tasks.training.stages import Stage, stages_of

_TRIED: Final = 4  # pictures, to tell the kind of machine
_HALF: Final = 125
_LONGEST: Final = 200


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


class Adjuster:
    """One training, from the user's model and the reference camera on.

    Args:
        start: What it begins with.
        learned: Whether the camera learns too.
        seed: Of ``training_seed``: the same images in the same order for both kinds.
        device: ``cpu``, where one thread computes, or ``cuda``.
        platform: The kind of machine that this is, see ``platform_of``.
    """

    def __init__(
        self, start: Start, learned: bool, seed: int, device: str = "cpu", platform: str = ""
    ) -> None:
        self._start, self._learned, self._seed = start, learned, seed
        self._platform = platform
        self._device = torch.device(device)
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
            TaskError: The model's answers are of another shape, or masks have classes that it has
                not.
        """
        if begun is not None:
            self._restore(begun)
        if self._start.has_masks:
            self._check_masks(train)
        batches = _Batches(train, self._start, self._seed, self._device, self._model.shrinks)
        camera, bounds = self._model.camera, {}
        if self._learned and isinstance(camera, Parametrised):
            bounds = forensic_bounds(self._model.reference)

        def after() -> None:
            project(camera, bounds)
            self._losses.append(self._training.last_loss)
            if self._training.steps % len(batches):
                keep(self._state)

        with exact_numbers(self._device):
            if not self._curve:
                self._curve.append(self._point(0, test))
            epochs = self._start.settings.epochs
            if not self._learned and self._start.settings.learn == NOTHING:
                return [replace(self._curve[0], epoch=epoch) for epoch in range(epochs + 1)]
            while len(self._curve) <= epochs:
                epoch = len(self._curve)
                self._training.run(batches, epoch * len(batches), after)
                self._curve.append(self._point(epoch, test))
                self._losses = []
                keep(self._state)
        return list(self._curve)

    def camera_state(self) -> dict[str, Any]:
        """The numbers of the camera by their published names, as nested lists.

        None of what is no camera of 132 numbers.
        """
        camera = self._model.camera
        if not isinstance(camera, Parametrised):
            return {}
        parameters = camera.named_parameters()
        return {name: one.detach().cpu().tolist() for name, one in parameters}

    def stages(self, held: Held) -> list[Stage]:
        """What each stage of the camera makes of some pictures, and how their loss changes with it.

        Args:
            held: The pictures, few enough for all of it to be in memory.
        """
        pixels, targets = held
        right = torch.from_numpy(np.ascontiguousarray(targets)).to(self._device).long()
        seen = as_images(pixels, self._device)
        with exact_numbers(self._device):
            return stages_of(
                self._model.eval(), seen, lambda said, at: self._loss(said, right[at : at + 1])
            )

    def logits(self, held: Held) -> Array:
        """What the model answers about some pictures, (n, classes).

        Raises:
            TaskError: The model's answers are of another shape.
        """
        with exact_numbers(self._device):
            parts = logits_of(self._model.eval(), held, self._start, self._device)
            return np.concatenate([logits for logits, _ in parts])

    def program(self, height: int, width: int) -> bytes:
        """The camera and the model as a ``torch.export`` program, from photographs to answers.

        It takes pixels from 0 to 1 as they are: normalisation is in it. Of raw files it takes
        mosaics, (n, height, width), as ``sensed_raw`` makes them. Nothing can be learned
        afterwards: it is made on the CPU, for machines of any kind.

        Raises:
            TaskError: The model cannot be exported again.
        """
        model, file = self._model.cpu().eval(), BytesIO()
        shape = (2, height, width) if self._start.camera else (2, 3, height, width)
        images = torch.full(shape, 0.5)
        try:
            with exact_numbers(torch.device("cpu")), torch.no_grad():
                program = torch.export.export(
                    model, (images,), dynamic_shapes=({0: torch.export.Dim("n")},)
                )
            torch.export.save(program, file)
        except Exception as error:  # whatever a network of the user's makes torch raise
            raise TaskError(
                f"task {self._start.file.name!r}: it cannot be exported with its camera "
                f"({reason(error)[:_LONGEST]}): export the model anew, with this version of torch"
            ) from None
        return file.getvalue()

    def directly(self, held: Held) -> CurvePoint:
        """What the model gets right of pictures as they are, past the camera.

        Raises:
            TaskError: The model's answers are of another shape.
        """
        with exact_numbers(self._device):
            ask = self._model.eval().directly
            counts = counts_of(ask, held, self._start, self._device)
        return CurvePoint(0, math.nan, *scores_of(counts))

    def platform_of(self, height: int, width: int) -> str:
        """The kind of machine this is, as far as what is learned here depends on it.

        A few steps are taken: nothing else can be learned afterwards.

        Args:
            height: Of the pictures that will come.
            width: Likewise.

        Raises:
            TaskError: The model's answers are another ones each time, or of another shape.
        """
        pixels: Array = np.resize(np.arange(251, dtype=np.uint8), (_TRIED, height, width, 3))
        targets: Targets = np.arange(_TRIED) % self._start.classes
        if self._start.has_masks:
            targets = (pixels[..., 0] > _HALF).astype(np.uint8)
            ignore = self._start.settings.task.ignore
            if ignore in (0, 1):
                targets = np.full_like(targets, 1 - ignore)
        if self._start.camera is not None:
            pixels = pixels[..., 0].astype(np.float32) / 255
        with exact_numbers(self._device):
            once, again = (self._asked(pixels) for _ in range(2))
            if not torch.equal(once, again):
                raise TaskError(
                    f"task {self._start.file.name!r}: its answer for an image is another one each "
                    "time: call model.eval() before you export it"
                )
            batches = _Batches((pixels, targets), self._start, 0, self._device, self._model.shrinks)
            self._training.run(batches, 2)
            logits = self._asked(pixels).cpu().numpy().astype(np.float64)
        return embedding_platform(self._device, torch.float32, logits)

    def _asked(self, pixels: Array) -> Tensor:
        """What it answers about a few pictures."""
        images = as_images(pixels, self._device)
        with torch.inference_mode():
            return answered(self._model.eval()(images), self._start, images)

    def _begun(self) -> tuple[Adjusted, Training]:
        start, settings = self._start, self._start.settings
        network = given_network(start.file, self._device)
        model = Adjusted(
            start.source,
            network,
            settings.task.channels,
            processor=settings.processor if self._learned else PARAMETRIZED,
            batch_norm=settings.batch_norm,
            body_stays=settings.learn != ALL,
            seed=self._seed,
        ).to(self._device)
        network.requires_grad_(settings.learn == ALL)
        chosen = list(network.parameters())
        if settings.learn == LAST:
            chosen = last_layer(network)
            for one in chosen:
                one.requires_grad_(True)
        model.camera.requires_grad_(self._learned)
        rate, camera_rate = settings.rates
        groups: list[dict[str, Any]] = [{"params": chosen, "lr": rate}]
        camera = list(model.camera.parameters()) if self._learned else []
        if camera:
            groups.append({"params": camera, "lr": camera_rate, "weight_decay": 0.0})
        optimizer = torch.optim.Adam(groups, weight_decay=settings.weight_decay, fused=True)
        return model, Training(model, optimizer, self._loss)

    def _loss(self, answers: Any, right: Tensor) -> Tensor:
        start, ignore = self._start, self._start.settings.task.ignore
        logits: Tensor = answers
        if not start.has_masks:
            return mean_loss(logits, right)
        if logits.shape[1] == 1:
            counted = None if ignore is None else (right != ignore)[:, None]
            return dice_loss(logits, (right[:, None] != 0).float(), counted)
        return mean_loss(logits, right, right, ignore)

    def _check_masks(self, held: Held) -> None:
        """Makes sure that the model has the classes of some masks."""
        pixels, masks = held
        shape = self._asked(pixels[:1]).shape[1:]
        try:
            check_masks(masks, (len(masks), *shape), self._start.settings.task.ignore)
        except ValueError as error:
            raise TaskError(f"task {self._start.file.name!r}: {error}") from None

    def _point(self, epoch: int, test: Held) -> CurvePoint:
        loss = math.nan if epoch == 0 else float(np.mean(self._losses))
        counts = counts_of(self._model.eval(), test, self._start, self._device)
        return CurvePoint(epoch, loss, *scores_of(counts))

    def _state(self) -> bytes:
        file = BytesIO()
        curve = [list(vars(point).values()) for point in self._curve]
        whole = {
            "training": self._training.state(),
            "curve": curve,
            "losses": self._losses,
            "platform": self._platform,
        }
        torch.save(whole, file)
        return file.getvalue()

    def _restore(self, data: bytes) -> None:
        """Goes on from a state; from the beginning, where it is not of this training."""
        try:
            whole: Mapping[str, Any] = torch.load(BytesIO(data), weights_only=True)
            if whole["platform"] != self._platform:
                raise ValueError("it was kept on another kind of machine")
            self._training.restore(whole["training"])
            self._curve = [CurvePoint(int(epoch), *rest) for epoch, *rest in whole["curve"]]
            self._losses = list(whole["losses"])
        except Exception:
            self._model, self._training = self._begun()
            self._curve, self._losses = [], []


class _Batches:
    """The batches of a training: photographs, and what is done to their developed pictures."""

    def __init__(
        self, held: Held, start: Start, seed: int, device: torch.device, shrinks: int
    ) -> None:
        settings = start.settings
        asked = (settings.batch_size, settings.augmentation)
        self._steps = Steps(*held, *asked, seed, device, shrinks)

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, step: int) -> tuple[Given, Tensor]:
        found = self._steps[step]
        return Given(found.images, found.changes), found.targets.long()
