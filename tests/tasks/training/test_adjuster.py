"""A camera and a model that learn together."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from raydrift.camera import REFERENCE, unprocess
from raydrift.errors import TaskError
from raydrift.images.pixels import RGB
from raydrift.settings import AdjustSettings, TaskSettings, TrainSettings
from raydrift.settings.toml import generate_settings
from raydrift.tasks.files import TaskFile, find_task
from raydrift.tasks.model import TaskModel
from raydrift.tasks.training.adjuster import Adjuster, CurvePoint
from raydrift.tasks.training.asking import Held, Start
from raydrift.tasks.training.given import given_network, last_layer
from raydrift.tasks.training.networks import make_network

COLOURS = np.array([[200, 90, 90], [90, 200, 90], [90, 90, 200], [170, 170, 60]])
CPU = torch.device("cpu")
SIZE = 16
TINTED = np.array([[0.35, 0.6, 0.05], [0.1, 0.5, 0.4], [0.6, 0.3, 0.1]])
"""What a camera makes of the colours whose matrix is another one's."""


def discs(count: int, seed: int) -> Held:
    """Squares of four colours on noise, and which colour each has."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, count)
    pixels = rng.normal(110, 30, (count, SIZE, SIZE, 3))
    middle = slice(SIZE // 4, -SIZE // 4)
    pixels[:, middle, middle] = COLOURS[labels][:, None, None]
    pixels[:, middle, middle] += rng.normal(0, 25, (count, SIZE // 2, SIZE // 2, 3))
    return pixels.clip(0, 255).astype(np.uint8), labels


def drifted(held: Held) -> Held:
    """Their colours as another camera sees them."""
    pixels, labels = held
    return (pixels @ TINTED.T).clip(0, 255).astype(np.uint8), labels


def images_of(pixels: RGB) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network that tells the four colours apart, as a program."""
    generator = torch.Generator().manual_seed(3)
    network = nn.Sequential(
        nn.Conv2d(3, 12, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(),
        nn.Linear(12 * 16, 4),
    )  # fmt: skip
    with torch.no_grad():
        for one in network.parameters():
            one.copy_(0.15 * torch.randn(one.shape, generator=generator))
    pixels, labels = discs(200, seed=0)
    images, right = images_of(pixels), torch.from_numpy(labels)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(80):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(images), right).backward()
        optimizer.step()
    shapes = ({0: torch.export.Dim("n")},)
    program = torch.export.export(network.eval(), (images[:2],), dynamic_shapes=shapes)
    path = tmp_path_factory.mktemp("model") / "colours.pt2"
    torch.export.save(program, path)
    return path


def start_of(model: Path | str, **values: Any) -> Start:
    image = {"height": SIZE, "width": SIZE}
    run = generate_settings({"input": "in", "output": "out", "image": image})
    asked = {"epochs": 3, "lr": 1e-3, "camera_lr": 1e-2, "batch_size": 10, **values}
    settings = AdjustSettings(run, TaskSettings(str(model)), **asked)
    return Start(settings, find_task(settings.task), 4, has_masks=False)


TRAIN, TEST = discs(60, seed=1), discs(100, seed=2)


def test_a_camera_that_learns_wins_back_what_a_drift_cost(model: Path) -> None:
    """The last layer alone cannot: it sees colours that it cannot tell apart."""
    start = start_of(model, learn="last")
    ends = {}
    for learned in (True, False):
        curve = Adjuster(start, learned, seed=5).learn(drifted(TRAIN), drifted(TEST))
        assert [point.epoch for point in curve] == [0, 1, 2, 3]
        ends[learned] = curve[-1].quality
    before = Adjuster(start, False, seed=5)
    given, cost = before.directly(TEST).quality, before.directly(drifted(TEST)).quality
    assert given > 0.95
    assert cost < given - 0.3
    assert ends[True] > cost + 0.2
    assert ends[True] > ends[False] + 0.1


def test_both_begin_with_the_pictures_as_they_are(model: Path) -> None:
    before = Adjuster(start_of(model), True, seed=5)
    held = drifted(TEST)
    short = start_of(model, epochs=1, lr=1e-12, camera_lr=1e-12)
    (first, _) = Adjuster(short, True, seed=5).learn(drifted(TRAIN), held)
    assert first.quality == before.directly(held).quality


def test_some_steps_and_the_others_are_all_to_the_last_bit(model: Path) -> None:
    start = start_of(model, augmentation="strong")
    kept: list[bytes] = []
    whole = Adjuster(start, True, seed=5)
    curve = whole.learn(TRAIN, TEST, keep=lambda make: kept.append(make()))
    for place in (2, 5, 11):  # in an epoch and at its end
        again = Adjuster(start, True, seed=5)
        assert again.learn(TRAIN, TEST, begun=kept[place])[1:] == curve[1:]
        assert again.camera_state() == whole.camera_state()


def test_what_is_no_state_is_passed_over(model: Path) -> None:
    start = start_of(model, epochs=1)
    found = [Adjuster(start, True, 5).learn(TRAIN, TEST, begun=one)[1:] for one in (None, b"no")]
    assert found[0] == found[1]


def test_a_camera_that_stays_is_the_reference(model: Path) -> None:
    start = start_of(model, epochs=1)
    adjuster = Adjuster(start, False, seed=5)
    before = adjuster.camera_state()
    adjuster.learn(TRAIN, TEST)
    assert adjuster.camera_state() == before
    assert sum(np.size(one) for one in before.values()) == 132


def test_the_program_answers_about_photographs_as_the_two_do(model: Path, tmp_path: Path) -> None:
    adjuster = Adjuster(start_of(model, epochs=1), True, seed=5)
    curve = adjuster.learn(drifted(TRAIN), drifted(TEST))
    path = tmp_path / "adjusted.pt2"
    path.write_bytes(adjuster.program(SIZE, SIZE))
    settings = TaskSettings(str(path))
    logits = TaskModel(find_task(settings), settings, "cpu")(drifted(TEST)[0])
    assert (logits.argmax(1) == TEST[1]).mean() == curve[-1].quality


def test_a_state_dict_learns_as_torchvisions_network(tmp_path: Path) -> None:
    network = make_network(TrainSettings("resnet18"), 4, None, seed=1).eval()
    torch.save(network.state_dict(), tmp_path / "w.pt")
    given = given_network(find_task(TaskSettings(f"resnet18:{tmp_path}/w.pt")), torch.device("cpu"))
    images = images_of(TEST[0][:3])
    torch.testing.assert_close(given.eval()(images), network(images), rtol=0, atol=0)
    assert all(one.requires_grad for one in given.parameters())
    assert [tuple(one.shape) for one in last_layer(given)] == [(4, 512), (4,)]


def test_masks_are_learned_too(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = nn.Conv2d(3, 1, 3, padding=1)
    program = torch.export.export(
        network.eval(),
        (torch.zeros(2, 3, SIZE, SIZE),),
        dynamic_shapes=({0: torch.export.Dim("n")},),
    )
    torch.export.save(program, tmp_path / "masks.pt2")
    plain = start_of(tmp_path / "masks.pt2", augmentation="weak", lr=1e-1, epochs=6)
    start = Start(plain.settings, plain.file, 1, has_masks=True)
    masks = np.zeros((60, SIZE, SIZE), np.uint8)
    masks[:, SIZE // 4 : -SIZE // 4, SIZE // 4 : -SIZE // 4] = 1
    pixels = np.where(masks[..., None] > 0, 200, TRAIN[0]).astype(np.uint8)
    curve = Adjuster(start, True, seed=5).learn((pixels, masks), (pixels, masks))
    assert np.isnan(curve[0].f1)
    assert curve[-1].quality > max(curve[0].quality, 0.5)


def test_a_camera_learns_to_suit_a_model_that_stays(model: Path) -> None:
    start = start_of(model, learn="none", camera_lr=3e-2, epochs=10)
    learned, frozen = (Adjuster(start, one, seed=5) for one in (True, False))
    given = given_network(find_task(TaskSettings(str(model))), CPU)
    curve = learned.learn(drifted(TRAIN), drifted(TEST))
    flat = frozen.learn(drifted(TRAIN), drifted(TEST))
    assert {(point.quality, point.nll) for point in flat} == {(curve[0].quality, curve[0].nll)}
    assert [point.epoch for point in flat] == list(range(11))
    assert curve[-1].quality > curve[0].quality + 0.2
    (*_, shown) = learned.stages((TEST[0][:2], TEST[1][:2]))
    said = given(torch.from_numpy(shown.values)).detach().numpy()
    np.testing.assert_allclose(learned.logits((TEST[0][:2], TEST[1][:2])), said, atol=1e-4)


def mosaics_of(held: Held) -> Held:
    """What the reference camera's sensor saw of them."""
    pixels, labels = held
    return np.stack([unprocess(one, REFERENCE) for one in pixels]), labels


def test_a_camera_learns_from_mosaics_too(model: Path, tmp_path: Path) -> None:
    train, test = mosaics_of(drifted(TRAIN)), mosaics_of(drifted(TEST))
    start = replace(start_of(model, learn="last", epochs=4), camera=REFERENCE)
    learned, frozen = (Adjuster(start, one, seed=5) for one in (True, False))
    before = frozen.directly(test).quality
    curve = learned.learn(train, test)
    assert curve[0].quality == before
    assert curve[-1].quality > before + 0.2
    assert curve[-1].quality > frozen.learn(train, test)[-1].quality + 0.1
    path = tmp_path / "adjusted.pt2"
    path.write_bytes(learned.program(SIZE, SIZE))
    with torch.no_grad():
        said = torch.export.load(path).module()(torch.from_numpy(test[0]))
    assert (said.numpy().argmax(1) == test[1]).mean() == curve[-1].quality


@pytest.fixture(scope="module")
def of_any_size(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A ResNet18 of four classes, which takes pictures of any size."""
    network = make_network(TrainSettings("resnet18"), 4, None, seed=1)
    path = tmp_path_factory.mktemp("resnet") / "w.pt"
    torch.save(network.state_dict(), path)
    return f"resnet18:{path}"


@pytest.mark.parametrize("processor", ["neural_network", "none"])
def test_the_other_processors_show_half_size_pictures(processor: str, of_any_size: str) -> None:
    asked = {"processor": processor, "augmentation": "strong", "epochs": 1, "batch_size": 4}
    plain = start_of(of_any_size, **asked)
    start = replace(plain, camera=REFERENCE)
    train, test = mosaics_of((TRAIN[0][:8], TRAIN[1][:8])), mosaics_of((TEST[0][:4], TEST[1][:4]))
    kept: list[bytes] = []
    whole = Adjuster(start, True, seed=5)
    curve = whole.learn(train, test, keep=lambda make: kept or kept.append(make()))
    again = Adjuster(start, True, seed=5)
    assert again.learn(train, test, begun=kept[0])[1:] == curve[1:]
    assert whole.camera_state() == {}
    (shown,) = whole.stages((test[0][:2], test[1][:2]))
    assert shown.values.shape == (2, 3, SIZE // 2, SIZE // 2)
    greens = test[0][:2, 0::2, 1::2] / 2 + test[0][:2, 1::2, 0::2] / 2
    assert np.allclose(shown.values[:, 1], greens) == (processor == "none")
    frozen = Adjuster(start, False, seed=5)
    assert sum(np.size(one) for one in frozen.camera_state().values()) == 132


def test_the_stages_of_a_camera_and_their_gradients(model: Path) -> None:
    """Held against a step of the loss; the model stays as it is."""
    adjuster = Adjuster(start_of(model, epochs=1), True, seed=5)
    adjuster.learn(TRAIN, TEST)
    part, alone = (TEST[0][:3], TEST[1][:3]), (TEST[0][1:2], TEST[1][1:2])
    before = adjuster.logits(part)
    stages = {stage.name: stage for stage in adjuster.stages(part)}
    assert list(stages) == [
        "demosaic", "color_correct", "sharpening", "gaussian", "clipped", "gamma_correct", "shown",
    ]  # fmt: skip
    assert {stage.values.shape for stage in stages.values()} == {(3, 3, SIZE, SIZE)}
    last, shown = stages["gamma_correct"], stages["shown"]
    inside = (shown.values > 0) & (shown.values < 1)
    np.testing.assert_array_equal(shown.gradient[inside], last.gradient[inside])
    assert np.abs(stages["demosaic"].gradient).max() > 0
    for stage in adjuster.stages(alone):  # each picture by itself
        np.testing.assert_array_equal(stage.values[0], stages[stage.name].values[1])
        np.testing.assert_array_equal(stage.gradient[0], stages[stage.name].gradient[1])
    np.testing.assert_array_equal(adjuster.logits(part), before)


def test_a_gradient_of_what_is_shown_is_how_the_loss_changes(model: Path) -> None:
    adjuster = Adjuster(start_of(model), False, seed=5)
    (*_, shown) = adjuster.stages((TEST[0][:1], TEST[1][:1]))
    network = given_network(find_task(TaskSettings(str(model))), CPU)
    picture, right = torch.from_numpy(shown.values).double(), torch.from_numpy(TEST[1][:1])
    step = 1e-3 * torch.from_numpy(shown.gradient).sign()
    losses = [
        nn.functional.cross_entropy(network((picture + one).float()), right).item()
        for one in (step, -step)
    ]
    expected = 2e-3 * np.abs(shown.gradient).sum()
    assert losses[0] - losses[1] == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(("classes", "has_masks"), [(3, False), (4, True)])
def test_answers_of_another_shape_are_refused(model: Path, classes: int, has_masks: bool) -> None:
    plain = start_of(model)
    start = Start(plain.settings, plain.file, classes, has_masks)
    targets = np.zeros((60, SIZE, SIZE), np.uint8) if has_masks else TRAIN[1] % 3
    with pytest.raises(TaskError, match=r"it answers \d+ images with \(\d+, 4\), and the images"):
        Adjuster(start, True, seed=5).learn((TRAIN[0], targets), (TRAIN[0], targets))


def test_a_model_that_takes_another_size_is_named(model: Path) -> None:
    small = np.zeros((4, 8, 8, 3), np.uint8)
    with pytest.raises(
        TaskError, match=r"it fails on images of 8 x 8 pixels \(.*\): set image.height"
    ):
        Adjuster(start_of(model), False, 5).directly((small, TEST[1][:4]))


def test_what_has_nothing_to_learn_is_refused(tmp_path: Path) -> None:
    program = torch.export.export(nn.Flatten(), (torch.zeros(2, 3, SIZE, SIZE),))
    torch.export.save(program, tmp_path / "flat.pt2")
    file: TaskFile = find_task(TaskSettings(str(tmp_path / "flat.pt2")))
    with pytest.raises(TaskError, match="it has no parameters: export one that can learn"):
        given_network(file, torch.device("cpu"))


def test_what_cannot_be_adjusted_is_named_before_any_work(tmp_path: Path) -> None:
    layers = [nn.Conv2d(3, 4, 3, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 4)]
    network, images = nn.Sequential(*layers, nn.Dropout(0.5)), (torch.zeros(2, 3, SIZE, SIZE),)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that TorchScript is old
        torch.jit.save(torch.jit.trace(network.eval(), images), tmp_path / "script.pt")
    torch.export.save(torch.export.export(network.eval(), images), tmp_path / "two.pt2")
    for name, said in (
        ("script.pt", "TorchScript cannot be exported with a camera"),
        ("two.pt2", "it was exported for 2 images at once: export it for any number"),
    ):
        with pytest.raises(TaskError, match=said):
            Adjuster(start_of(tmp_path / name), True, 5)
    shapes = ({0: torch.export.Dim("n")},)
    program = torch.export.export(network.train(), images, dynamic_shapes=shapes)
    torch.export.save(program, tmp_path / "by_chance.pt2")
    with pytest.raises(TaskError, match=r"another one each time: call model.eval\(\) before"):
        Adjuster(start_of(tmp_path / "by_chance.pt2"), True, 5).platform_of(SIZE, SIZE)


def test_a_state_of_another_kind_of_machine_is_passed_over(model: Path) -> None:
    start, kept = start_of(model, epochs=1), list[bytes]()
    whole = Adjuster(start, True, 5, platform="one")
    curve = whole.learn(TRAIN, TEST, keep=lambda make: kept.append(make()))
    other = Adjuster(start, True, 5, platform="another")
    steps: list[bytes] = []
    found = other.learn(TRAIN, TEST, begun=kept[-1], keep=lambda make: steps.append(make()))
    assert len(steps) == len(kept), "all steps were taken again"
    assert found[1:] == curve[1:]


def test_masks_with_classes_that_the_model_has_not_are_named(tmp_path: Path) -> None:
    torch.manual_seed(0)
    shapes = ({0: torch.export.Dim("n")},)
    network, images = nn.Conv2d(3, 2, 3, padding=1), (torch.zeros(2, 3, SIZE, SIZE),)
    program = torch.export.export(network.eval(), images, dynamic_shapes=shapes)
    torch.export.save(program, tmp_path / "masks.pt2")
    plain = start_of(tmp_path / "masks.pt2")
    start = Start(plain.settings, plain.file, 1, has_masks=True)
    masks = np.zeros((60, SIZE, SIZE), np.uint8)
    good, bad = masks, masks + 7
    with pytest.raises(TaskError, match="masks have classes from 7 to 7, and the model has 2"):
        Adjuster(start, True, 5).learn((TRAIN[0], bad), (TRAIN[0], good))


def test_a_point_before_the_first_epoch_has_no_loss(model: Path) -> None:
    first: CurvePoint = Adjuster(start_of(model, epochs=1), False, 5).learn(TRAIN, TEST)[0]
    assert np.isnan(first.loss)
    assert first.nll > 0
