"""The ResNets that are trained, held against torchvision's."""

import pytest
import torch
from torchvision import models

from raydrift.tasks.training.resnet import TrainableResNet


@pytest.mark.parametrize("name", ["resnet18", "resnet34"])
def test_it_is_torchvisions_with_the_same_state_dict(name: str) -> None:
    theirs, ours = getattr(models, name)(num_classes=5), TrainableResNet(name, 5)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    images = torch.rand(2, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    for mode in (True, False):
        answers = [model.train(mode)(images) for model in (ours, theirs)]
        torch.testing.assert_close(*answers, rtol=1e-5, atol=1e-5)
    if name == "resnet34":
        return  # its blocks are those of the other
    gradients = []
    for model in (ours, theirs):
        model.train()(images).square().mean().backward()
        gradients.append([one.grad for one in model.parameters()])
    for here, there in zip(*gradients, strict=True):
        torch.testing.assert_close(here, there, rtol=1e-3, atol=1e-5)
