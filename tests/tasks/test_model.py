"""A model's answers: the same in every form, and of each image alone."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import resnet18, resnet34

from raydrift.errors import PipelineError, TaskError
from raydrift.images.codec import decode
from raydrift.settings import ImageSettings, TaskSettings
from raydrift.tasks.files import find_task
from raydrift.tasks.model import BATCH_SIZE, TaskModel
from tests.tasks.models import (
    Fully,
    Function,
    SmallNet,
    save_program,
    save_script,
    save_state,
    save_trace,
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As in the engine's workers; more threads wait for each other where cores are few."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pixels(scenes: Path) -> np.ndarray:
    """Nineteen scenes of six classes, two whole batches and a part."""
    size = ImageSettings(height=64, width=64)
    paths = sorted(scenes.rglob("*.jpg"), key=lambda path: path.name[::-1])[:19]
    return np.stack([decode(path.read_bytes(), size) for path in paths])


def model(name: str | Path, **values: Any) -> TaskModel:
    settings = TaskSettings(str(name), **values)
    return TaskModel(find_task(settings), settings, "cpu")


def refusal(name: str | Path, pixels: np.ndarray) -> str:
    with pytest.raises(TaskError) as caught:
        model(name)(pixels)
    said = str(caught.value)
    assert said.startswith(f"task {str(name)!r}: ")
    assert "\n" not in said
    return said.removeprefix(f"task {str(name)!r}: ")


def plain(network: nn.Module, pixels: np.ndarray) -> np.ndarray:
    """What a network says by torch alone, image by image."""
    with torch.inference_mode():
        images = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
        return torch.cat([network.eval()(one[None]) for one in images]).numpy()


def test_the_forms_of_a_network_give_the_same_answers(pixels: np.ndarray, tmp_path: Path) -> None:
    labels = np.arange(18) % 6
    network = SmallNet().fit(pixels[:18], labels)
    answers = [
        model(save(network, tmp_path / save.__name__))(pixels)
        for save in (save_program, save_script, save_trace)
    ]
    for one in answers:
        assert (one.shape, one.dtype) == ((19, 6), np.float32)
        np.testing.assert_array_equal(one, answers[0])
    np.testing.assert_allclose(answers[0], plain(network, pixels), rtol=1e-4, atol=1e-4)
    assert (answers[0].argmax(1)[:18] == labels).mean() > 0.5


@pytest.mark.parametrize("build", [resnet18, resnet34])
def test_a_state_dict_is_torchvisions_network(
    pixels: np.ndarray, tmp_path: Path, build: Callable[..., nn.Module]
) -> None:
    torch.manual_seed(1)
    network = build(num_classes=7)
    path = save_state(network, tmp_path / "w.pth")
    program = save_program(network, tmp_path / "m.pt2")
    found = model(f"{build.__name__}:{path}")(pixels[:9])
    np.testing.assert_array_equal(found, model(program)(pixels[:9]))
    np.testing.assert_allclose(found, plain(network, pixels[:9]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("batch", [None, 1, 5, 8])
def test_an_answer_is_of_the_image_alone(
    pixels: np.ndarray, tmp_path: Path, batch: int | None
) -> None:
    """Also where the program was exported for one number of images."""
    asked = model(save_program(SmallNet(), tmp_path / "m.pt2", batch=batch))
    whole = asked(pixels)
    np.testing.assert_array_equal(whole[::-1], asked(pixels[::-1]))
    for at in (0, 7, 18):
        np.testing.assert_array_equal(whole[at : at + 1], asked(pixels[at : at + 1]))


def test_a_batch_size_is_kept(pixels: np.ndarray, tmp_path: Path) -> None:
    seen: list[int] = []
    asked = model(save_script(SmallNet(), tmp_path / "m"), batch_size=3)
    forward = asked._model.forward

    def counting(images: torch.Tensor) -> Any:
        seen.append(len(images))
        return forward(images)

    object.__setattr__(asked._model, "forward", counting)
    asked(pixels)
    assert set(seen) == {3}
    assert model(save_script(SmallNet(), tmp_path / "m"))._batch == BATCH_SIZE["cpu"]


def test_a_model_that_rounds_by_place_is_asked_in_one_place(tmp_path: Path) -> None:
    """As some GPUs do: what is added is within rounding, and not the same in every place."""

    def by_place(images: torch.Tensor) -> torch.Tensor:
        return images.mean((2, 3)) + 1e-6 * torch.arange(images.shape[0])[:, None]

    pixels = np.full((4, 8, 8, 3), 100, np.uint8)
    for batch in (None, 8):
        path = save_program(Function(by_place), tmp_path / "m.pt2", 8, batch)
        asked = model(path)
        answers = asked(pixels)
        assert np.array_equal(answers, np.broadcast_to(answers[0], answers.shape))
        assert asked._places == ((8, 8), batch or 1, 1)


@pytest.mark.parametrize(
    ("normalize", "mean", "deviation"),
    [
        ("none", [0, 0, 0], [1, 1, 1]),
        ("imagenet", [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ([[0.5, 0.4, 0.3], [0.1, 0.2, 0.3]], [0.5, 0.4, 0.3], [0.1, 0.2, 0.3]),
        ("0.5,0.4,0.3/0.1,0.2,0.3", [0.5, 0.4, 0.3], [0.1, 0.2, 0.3]),
    ],
)
def test_it_sees_0_to_1_in_channels_normalised_as_the_settings_say(
    pixels: np.ndarray, tmp_path: Path, normalize: Any, mean: list[float], deviation: list[float]
) -> None:
    path = save_program(Function(lambda images: images * 1), tmp_path / "m.pt2")
    seen = model(path, normalize=normalize)(pixels)
    wanted = (pixels.transpose(0, 3, 1, 2) / 255 - np.reshape(mean, (1, 3, 1, 1))) / np.reshape(
        deviation, (1, 3, 1, 1)
    )
    np.testing.assert_allclose(seen, wanted, rtol=1e-5, atol=1e-6)


def test_an_output_in_a_list_of_one_is_taken_and_half_precision_too(
    pixels: np.ndarray, tmp_path: Path
) -> None:
    path = save_program(Function(lambda images: (images.mean((2, 3)).half(),)), tmp_path / "m.pt2")
    assert model(path)(pixels).dtype == np.float32


SIZE = (
    "it was exported for images of 32 x 32 pixels, and these are 64 x 64: set image.height to 32 "
    "and image.width to 32, or export it for any size"
)
EVAL = (
    "its answer for an image is another one each time, or depends on the other images of a batch: "
    "call model.eval() before you export it"
)


@pytest.mark.parametrize(
    ("save", "said"),
    [
        (lambda path: save_program(Fully(32), path, 32), SIZE),
        (lambda path: save_program(SmallNet(), path, train=True), EVAL),
        (
            lambda path: save_program(
                Function(lambda x: nn.functional.dropout(x.mean((2, 3)), 0.5, True)), path
            ),
            EVAL,
        ),
        (
            lambda path: save_program(Function(lambda x: {"out": x * 2}), path),
            "it answers with a dict: export one that gives a tensor",
        ),
        (
            lambda path: save_program(Function(lambda x: x.mean((2, 3)).argmax(1)), path),
            "it answers 8 images with int64 of shape (8,): export one that gives logits, "
            "(n, classes)",
        ),
        (
            lambda path: save_program(Function(lambda x: x.mean()[None]), path),
            "it answers 8 images with float32 of shape (1,): export one that gives logits, "
            "(n, classes)",
        ),
    ],
    ids=["size", "trained on", "dropout", "dict", "classes", "one for all"],
)
def test_what_cannot_be_asked_is_refused_in_one_line(
    pixels: np.ndarray, tmp_path: Path, save: Callable[[Path], Path], said: str
) -> None:
    assert refusal(save(tmp_path / "m.pt2"), pixels) == said


def test_a_script_of_another_size_says_what_failed_and_what_to_set(
    pixels: np.ndarray, tmp_path: Path
) -> None:
    said = refusal(save_script(Fully(32), tmp_path / "m.pt"), pixels)
    assert said == (
        "it fails on images of 64 x 64 pixels (RuntimeError: addmm: mat1 and mat2 shapes cannot be "
        "multiplied (8x12288 and 3072x6)): give those that it was made for, with image.height and "
        "image.width, or fewer at once, with task.batch_size"
    )


class Two(nn.Module):
    def forward(self, images: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
        return images + others


@pytest.mark.parametrize(
    ("network", "inputs", "said"),
    [
        (Two(), (torch.rand(1, 3, 64, 64),) * 2, "it takes 2 inputs: export one that takes images"),
        (
            Function(lambda x: x.float().mean((2, 3))),
            (torch.zeros(1, 3, 64, 64, dtype=torch.uint8),),
            "it takes uint8: export one that takes float32",
        ),
        (
            Function(lambda x: x.mean((2, 3))),
            (torch.rand(1, 1, 64, 64),),
            "it takes (1, 1, 64, 64): export one that takes (n, 3, height, width)",
        ),
        (
            Function(lambda x: x.mean(1)),
            (torch.rand(1, 12288),),
            "it takes (1, 12288): export one that takes (n, 3, height, width)",
        ),
    ],
    ids=["two inputs", "bytes", "grey", "flat"],
)
def test_a_program_of_other_inputs_is_refused(
    pixels: np.ndarray,
    tmp_path: Path,
    network: nn.Module,
    inputs: tuple[torch.Tensor, ...],
    said: str,
) -> None:
    path = tmp_path / "m.pt2"
    torch.export.save(torch.export.export(network, inputs), path)
    assert refusal(path, pixels).startswith(said)


@pytest.mark.parametrize(
    ("architecture", "state", "said"),
    [
        (
            "resnet18",
            lambda: resnet34().state_dict(),
            "not a ResNet18 state dict (it is a ResNet34's: give resnet34:PATH)",
        ),
        (
            "resnet34",
            lambda: resnet18().state_dict(),
            "not a ResNet34 state dict (it is a ResNet18's: give resnet18:PATH)",
        ),
        (
            "resnet18",
            lambda: {k: v for k, v in resnet18().state_dict().items() if k[:2] != "fc"},
            "not a ResNet18 state dict (fc.weight, the layer of the classes, is missing)",
        ),
        (
            "resnet18",
            lambda: resnet18().state_dict() | {"fc.bias": torch.zeros(3)},
            "not a ResNet18 state dict (fc.bias has the shape (3,), not (1000,))",
        ),
        (
            "resnet18",
            lambda: SmallNet().state_dict(),
            "not a ResNet18 state dict (fc.weight, the layer of the classes, is missing)",
        ),
        ("resnet18", lambda: [torch.zeros(3)], "not a ResNet18 state dict (it holds a list)"),
        (
            "resnet18",
            lambda: SmallNet(),
            "not a ResNet18 state dict (it is not a file of plain tensors)",
        ),
    ],
    ids=["34 as 18", "18 as 34", "no classes", "shape", "another network", "list", "module"],
)
def test_other_weights_are_refused(
    pixels: np.ndarray,
    tmp_path: Path,
    architecture: str,
    state: Callable[[], object],
    said: str,
) -> None:
    torch.save(state(), tmp_path / "w.pth")
    assert refusal(f"{architecture}:{tmp_path / 'w.pth'}", pixels) == said


def test_pixels_of_another_kind_are_refused(tmp_path: Path) -> None:
    asked = model(save_script(SmallNet(), tmp_path / "m.pt"))
    with pytest.raises(PipelineError, match="the task's model"):
        asked(np.zeros((2, 64, 64), np.uint8))  # type: ignore[arg-type]


@pytest.mark.parametrize("save", [save_program, save_script, save_trace])
def test_every_form_has_the_gradient_of_the_network(
    save: Callable[[nn.Module, Path], Path], pixels: np.ndarray, tmp_path: Path
) -> None:
    network = SmallNet().eval()
    asked = model(save(network, tmp_path / "m"))
    check_gradient(asked, network, pixels[:5])


@pytest.mark.parametrize("make", [resnet18, resnet34])
def test_a_state_dict_has_the_gradient_of_torchvision(
    make: Callable[..., nn.Module], pixels: np.ndarray, tmp_path: Path
) -> None:
    """What is done in place takes nothing from it."""
    network = make(num_classes=6).eval()
    path = save_state(network, tmp_path / "w.pt")
    check_gradient(model(f"{make.__name__}:{path}"), network, pixels[:3])


def check_gradient(asked: TaskModel, network: nn.Module, pixels: np.ndarray) -> None:
    plain_answers = asked(pixels)
    whole = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous() / 255
    mine, theirs = whole.clone().requires_grad_(), whole.clone().requires_grad_()
    logits = asked.differentiable(mine)
    np.testing.assert_allclose(logits.detach().numpy(), plain_answers, rtol=1e-4, atol=1e-4)
    logits.square().sum().backward()
    network(theirs).square().sum().backward()
    assert mine.grad is not None
    assert theirs.grad is not None
    scale = theirs.grad.abs().max()
    assert scale > 0
    assert ((mine.grad - theirs.grad).abs().max() / scale) < 1e-5


@pytest.mark.parametrize("batch", [2, 4, 8])
def test_a_fixed_batch_is_filled_up_for_gradients(
    batch: int, pixels: np.ndarray, tmp_path: Path
) -> None:
    network = SmallNet().eval()
    path = save_program(network, tmp_path / "m.pt2", batch=batch)
    check_gradient(model(path), network, pixels[:5])


def test_normalisation_is_part_of_the_gradient(tmp_path: Path) -> None:
    settings = {"normalize": ((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))}
    path = save_program(Function(lambda x: x.mean((2, 3))), tmp_path / "m.pt2")
    pictures = torch.rand(2, 3, 64, 64, requires_grad=True)
    model(path, **settings).differentiable(pictures).sum().backward()
    assert pictures.grad is not None
    assert torch.allclose(pictures.grad, torch.tensor(4 / 64**2))


class Rounded(nn.Module):
    """Answers in whole numbers, by a function that has no gradient."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return images.mean((2, 3))


def test_a_model_without_gradient_says_so(tmp_path: Path) -> None:
    path = save_script(Rounded(), tmp_path / "m.pt")
    with pytest.raises(TaskError) as caught:
        model(path).differentiable(torch.rand(2, 3, 8, 8, requires_grad=True))
    assert str(caught.value) == (
        f"task {str(path)!r}: its answers have no gradient, which the search for a camera climbs: "
        "export it without torch.no_grad, detach, rounding or quantisation"
    )


def test_gradients_need_the_size_of_the_export_too(tmp_path: Path) -> None:
    path = save_program(SmallNet(), tmp_path / "m.pt2", size=64)
    with pytest.raises(TaskError, match="it was exported for images of 64 x 64 pixels, and these"):
        model(path).differentiable(torch.rand(2, 3, 32, 32, requires_grad=True))
