"""What networks begin with: drawn of a seed alone, or read."""

from io import BytesIO
from pathlib import Path

import pytest
import torch
from torchvision.models import resnet18, resnet34

from raydrift.embed.weights import Weights, find_weights
from raydrift.errors import SettingsError, WeightsError
from raydrift.settings import TrainSettings
from raydrift.tasks.training import networks
from raydrift.tasks.training.networks import check_there, make_network, start_state
from tests.tasks.models import save_state

CLASSIFIER, SEGMENTER = TrainSettings("resnet18"), TrainSettings("unet")


def test_a_seed_draws_the_same_whatever_else_draws() -> None:
    before = torch.get_rng_state()
    one = make_network(CLASSIFIER, 4, None, seed=2**64 - 1).state_dict()
    assert torch.equal(before, torch.get_rng_state())
    torch.rand(7)
    same = make_network(CLASSIFIER, 4, None, seed=2**64 - 1).state_dict()
    other = make_network(CLASSIFIER, 4, None, seed=1).state_dict()
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["conv1.weight"], other["conv1.weight"])
    assert one["conv1.weight"].std().item() == pytest.approx((2 / (64 * 49)) ** 0.5, rel=0.02)
    assert one["bn1.running_var"].eq(1).all()
    assert one["fc.bias"].eq(0).all()


def test_a_state_dict_is_taken_but_for_its_last_layer(tmp_path: Path) -> None:
    theirs = resnet18(num_classes=9)
    weights = find_weights(str(save_state(theirs, tmp_path / "w.pth")), seed=0)
    found = make_network(CLASSIFIER, 4, start_state(weights, CLASSIFIER), seed=0).state_dict()
    assert found.pop("fc.weight").shape == (4, 512)
    del found["fc.bias"]
    assert all(torch.equal(one, theirs.state_dict()[name]) for name, one in found.items())


def test_a_unet_takes_that_of_its_encoder(tmp_path: Path) -> None:
    theirs = resnet34()
    weights = find_weights(str(save_state(theirs, tmp_path / "w.pth")), seed=0)
    found = make_network(SEGMENTER, 1, start_state(weights, SEGMENTER), seed=0)
    there = theirs.state_dict()
    for name, one in found.encoder.state_dict().items():  # type: ignore[union-attr,operator]
        assert torch.equal(one, there[name])
    assert found(torch.zeros(2, 3, 64, 32)).shape == (2, 1, 64, 32)


@pytest.mark.parametrize(
    ("network", "content", "said"),
    [
        ("resnet18", b"no file", "not a ResNet18 state dict (it is not a file of plain tensors): "),
        (
            "resnet18",
            {"a": torch.zeros(1)},
            "not a ResNet18 state dict (conv1.weight is missing): ",
        ),
        (
            "resnet18",
            resnet34().state_dict(),
            "not a ResNet18 state dict (layer1.2.conv1.weight is ",
        ),
        (
            "unet",
            resnet18().state_dict(),
            "not a ResNet34 state dict, which U-Net begins with (lay",
        ),
    ],
)
def test_weights_of_another_kind_are_refused(network: str, content: object, said: str) -> None:
    file = BytesIO()
    if isinstance(content, bytes):
        file.write(content)
    else:
        torch.save(content, file)
    with pytest.raises(WeightsError) as caught:
        start_state(Weights("w.pth", "", file.getvalue()), TrainSettings(network))
    assert str(caught.value).startswith(f"train.weights 'w.pth': {said}")
    assert str(caught.value).endswith("give random, imagenet or the path of one")


def test_a_unet_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_PACKAGE", "a_package_that_is_not_there")
    check_there(CLASSIFIER)
    with pytest.raises(SettingsError) as caught:
        check_there(SEGMENTER)
    assert str(caught.value) == (
        "train.network is 'unet', which needs segmentation-models-pytorch: "
        "pip install 'raydrift[unet]' on every node"
    )
