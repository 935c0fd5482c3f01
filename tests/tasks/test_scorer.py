"""A model's answers held against labels and masks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from raydrift.errors import TaskError
from raydrift.settings import TaskSettings
from raydrift.tasks.classification import Answers
from raydrift.tasks.files import find_task
from raydrift.tasks.scorer import Scorer
from raydrift.tasks.segmentation import PixelAnswers
from raydrift.tasks.task import Task
from tests.tasks.models import Function, save_program

LABELS = (-1, 4, 9)
PIXELS = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8)


def scorer(path: Path, function: Callable[..., object]) -> Scorer:
    settings = TaskSettings(str(save_program(Function(function), path, 8)))
    return Scorer(Task(find_task(settings), settings, LABELS), "cpu")


def refusal(path: Path, function: Callable[..., object]) -> str:
    with pytest.raises(TaskError) as caught:
        scorer(path, function)(PIXELS, [4] * 5)
    return str(caught.value).removeprefix(f"task {str(path)!r}: ")


def test_the_models_classes_are_the_labels_in_order(tmp_path: Path) -> None:
    """Here a model for the channel that is brightest."""
    answers = scorer(tmp_path / "m.pt2", lambda x: x.mean((2, 3)))(PIXELS, [9, 4, 4, -1, 9])
    assert answers.labels.tolist() == [2, 1, 1, 0, 2]
    np.testing.assert_array_equal(answers.predicted, PIXELS.mean((1, 2)).argmax(1))


def test_no_images_have_no_answers(tmp_path: Path) -> None:
    answers = scorer(tmp_path / "m.pt2", lambda x: x.mean((2, 3)))(PIXELS[:0], [])
    assert [len(value) for value in vars(answers).values()] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (
            lambda x: x.mean((2, 3))[:, :2],
            "it knows 2 classes, and the input has 3 labels: give a model of this input's classes",
        ),
        (
            lambda x: x * 1,
            "it answers with (n, 3, 8, 8), a class for each pixel, and the input has no masks: "
            "give --masks, or a model that answers with (n, 3)",
        ),
        (
            lambda x: x.mean((1, 2, 3)),
            "it answers with (n): give a model that answers with logits, (n, 3)",
        ),
        (
            lambda x: torch.where(x.mean((2, 3)) > 0, torch.inf, 0.0),
            "its answers for 5 of 5 images are not finite: look at task.normalize, or export it "
            "again",
        ),
        (
            lambda x: x.mean((2, 3)) * torch.nan,
            "its answers for 5 of 5 images are not finite: look at task.normalize, or export it "
            "again",
        ),
    ],
    ids=["classes", "pixels", "vector", "infinite", "nan"],
)
def test_answers_of_another_task_are_refused(
    tmp_path: Path, function: Callable[..., object], said: str
) -> None:
    assert refusal(tmp_path / "m.pt2", function) == said


def test_masks_are_scored_image_by_image(tmp_path: Path) -> None:
    asked = scorer(tmp_path / "m.pt2", lambda x: x * 1)
    masks = PIXELS.argmax(3)
    labels = [4] * 5
    found = asked(PIXELS, labels, masks)
    assert isinstance(found, PixelAnswers)
    assert found.counts.iou.tolist() == [1.0] * 3
    assert found.both.sum(axis=1).tolist() == [64] * 5  # of each image
    with pytest.raises(TaskError, match=r"m\.pt2': masks have classes from 7 to 7"):
        asked(PIXELS, labels, np.full_like(masks, 7))
    of_images = scorer(tmp_path / "m.pt2", lambda x: x.mean((2, 3)))
    assert isinstance(of_images(PIXELS, labels, masks), Answers)  # which needs no masks


def test_names_of_one_label_are_one_class(tmp_path: Path) -> None:
    path = save_program(Function(lambda x: x.mean((2, 3))), tmp_path / "m.pt2", 8)
    settings = TaskSettings(str(path))
    task = Task(find_task(settings), settings, LABELS)
    assert task.names({"b": 9, "a": 9, "c": -1, "d": 4}) == ("c", "d", "a, b")
    assert task.identity == {
        "model": task.file.digest,
        "architecture": None,
        "normalize": "none",
        "batch_size": None,
        "drop": 0.1,
        "ignore": None,
    }


@pytest.mark.parametrize(
    ("function", "masks", "said"),
    [
        (lambda x: x.mean((2, 3))[:, :2], None, "it knows 2 classes, and the input has 3 labels"),
        (lambda x: x * 1, None, "it answers with (n, 3, 8, 8), a class for each pixel, and the in"),
        (lambda x: x * 1, np.full((5, 8, 8), 7), "masks have classes from 7 to 7, and the model "),
        (lambda x: x[..., :4], np.zeros((5, 8, 8), int), "masks have the shape (5, 8, 8), and the"),
    ],
    ids=["classes", "no masks", "classes of masks", "size of masks"],
)
def test_a_loss_is_refused_as_answers_are(
    tmp_path: Path, function: Callable[..., object], masks: np.ndarray | None, said: str
) -> None:
    path = tmp_path / "m.pt2"
    pictures = torch.rand(5, 3, 8, 8, requires_grad=True)
    with pytest.raises(TaskError) as caught:
        scorer(path, function).loss(pictures, [4] * 5, masks)
    assert str(caught.value).startswith(f"task {str(path)!r}: {said}")


def test_a_loss_is_that_of_the_answers(tmp_path: Path) -> None:
    """Of images the mean negative log likelihood; of pixels as many images."""
    labels = [9, 4, 4, -1, 9]
    pictures = torch.from_numpy(PIXELS).permute(0, 3, 1, 2) / 255
    of_images = scorer(tmp_path / "m.pt2", lambda x: x.mean((2, 3)))
    answers, loss = of_images.with_loss(PIXELS, labels)
    assert isinstance(answers, Answers)
    assert loss == pytest.approx(answers.nll.mean(), rel=1e-6)
    assert of_images.loss(pictures, labels).item() == pytest.approx(loss, rel=1e-5)
    of_pixels = scorer(tmp_path / "p.pt2", lambda x: x * 1)
    masks = PIXELS.argmax(3)
    found, loss = of_pixels.with_loss(PIXELS, labels, masks)
    assert isinstance(found, PixelAnswers)
    wanted = Answers.of(pictures.permute(0, 2, 3, 1).reshape(-1, 3).numpy(), masks.reshape(-1))
    assert loss == pytest.approx(wanted.nll.mean(), rel=1e-6)
