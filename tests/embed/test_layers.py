"""What the network costs."""

import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import resnet18

from raydrift.embed.layers import convolutions, flops_per_image


def test_an_image_takes_3_6_billion_operations_as_torch_counts_them() -> None:
    counter = FlopCounterMode(display=False)
    with torch.device("meta"), counter:
        resnet18().eval()(torch.empty(1, 3, 224, 224))
    last_layer = 2 * 512 * 1000
    assert flops_per_image() == counter.get_total_flops() - last_layer == 3_627_122_688


def test_there_are_twenty_convolutions_three_of_them_around_a_block() -> None:
    assert len(convolutions()) == 20
    assert [one.name for one in convolutions() if one.kernel == 1] == [
        "layer2.0.downsample.0",
        "layer3.0.downsample.0",
        "layer4.0.downsample.0",
    ]
