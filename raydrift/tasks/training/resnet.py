"""ResNet18 and ResNet34 that can be trained, with torchvision's names."""

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from raydrift.embed.layers import STEM, Block, Convolution, blocks
from raydrift.tasks.resnet import DEPTHS


class TrainableResNet(nn.Module):
    """A ResNet whose state dict is that of torchvision's class of the same name.

    He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016.

    Args:
        architecture: ``resnet18`` or ``resnet34``.
        classes: How many there are.
    """

    def __init__(self, architecture: str, classes: int) -> None:
        super().__init__()
        depths = DEPTHS[architecture]
        listed = [_Block(one) for one in blocks(depths)]
        self.conv1, self.bn1 = _convolution(STEM), nn.BatchNorm2d(STEM.outputs)
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            nn.Sequential(*(listed.pop(0) for _ in range(depth))) for depth in depths
        )
        self.fc = nn.Linear(512, classes)

    def forward(self, images: Tensor) -> Tensor:
        """From float32 of shape (n, 3, height, width) to logits of shape (n, classes)."""
        found = max_pool2d(relu(self.bn1(self.conv1(images))), 3, 2, 1)
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            found = layer(found)
        # A mean of its own: the gradient of adaptive pooling is another one each time on a GPU.
        logits: Tensor = self.fc(found.mean((2, 3)))
        return logits


class _Block(nn.Module):
    def __init__(self, block: Block) -> None:
        super().__init__()
        self.conv1, self.bn1 = _convolution(block.first), nn.BatchNorm2d(block.first.outputs)
        self.conv2, self.bn2 = _convolution(block.second), nn.BatchNorm2d(block.second.outputs)
        self.downsample: Any = None
        if (around := block.shortcut) is not None:
            self.downsample = nn.Sequential(_convolution(around), nn.BatchNorm2d(around.outputs))

    def forward(self, images: Tensor) -> Tensor:
        around = images if self.downsample is None else self.downsample(images)
        inner = relu(self.bn1(self.conv1(images)))
        return relu(self.bn2(self.conv2(inner)) + around)


def _convolution(layer: Convolution) -> nn.Conv2d:
    sizes = (layer.inputs, layer.outputs, layer.kernel)
    return nn.Conv2d(*sizes, stride=layer.stride, padding=layer.padding, bias=False)
