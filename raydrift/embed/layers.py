"""The convolutions of a ResNet18 or 34: their names in a state dict, their shapes, their cost."""

from dataclasses import dataclass
from typing import Final

INPUT_SIZE: Final = 224
"""Height and width of what the network sees; images of another size are resized for it."""

Depths = tuple[int, int, int, int]
"""Blocks in each of the four layers."""

RESNET18: Final[Depths] = (2, 2, 2, 2)
RESNET34: Final[Depths] = (3, 4, 6, 3)


@dataclass(frozen=True)
class Convolution:
    """A square convolution, and the batch normalisation that follows it.

    Attributes:
        name: The convolution's name in a state dict.
        norm: The name of the batch normalisation there.
        inputs: Channels that come in.
        outputs: Channels that go out.
        kernel: Height and width of the kernel.
        stride: Pixels from one place of the kernel to the next.
        size: Height and width of what comes in.
    """

    name: str
    norm: str
    inputs: int
    outputs: int
    kernel: int
    stride: int
    size: int

    @property
    def padding(self) -> int:
        """Zeros on every side, so that with a stride of 1 the size stays."""
        return self.kernel // 2

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of all that a state dict has of it."""
        weight = (self.outputs, self.inputs, self.kernel, self.kernel)
        vectors = ("weight", "bias", "running_mean", "running_var")
        return {
            f"{self.name}.weight": weight,
            **{f"{self.norm}.{vector}": (self.outputs,) for vector in vectors},
            f"{self.norm}.num_batches_tracked": (),
        }

    def flops(self) -> int:
        """Multiplications and additions for one image."""
        return 2 * self.inputs * self.outputs * self.kernel**2 * (self.size // self.stride) ** 2


@dataclass(frozen=True)
class Block:
    """Two convolutions, and what leads around them where that is more than an identity."""

    first: Convolution
    second: Convolution
    shortcut: Convolution | None

    def convolutions(self) -> list[Convolution]:
        """All of them, in a state dict's order."""
        return [self.first, self.second, *([self.shortcut] if self.shortcut else [])]


STEM: Final = Convolution("conv1", "bn1", 3, 64, 7, 2, INPUT_SIZE)
"""The first convolution; a maximum over 3 x 3 pixels with a stride of 2 follows it."""


def blocks(depths: Depths = RESNET18) -> list[Block]:
    """The blocks that follow the stem; a mean over all pixels follows them."""
    found = []
    inputs, size = STEM.outputs, STEM.size // 4
    for layer, (width, depth) in enumerate(zip((64, 128, 256, 512), depths, strict=True), start=1):
        for number in range(depth):
            at = f"layer{layer}.{number}"
            stride = 1 if inputs == width else 2
            down = (f"{at}.downsample.0", f"{at}.downsample.1")
            first = Convolution(f"{at}.conv1", f"{at}.bn1", inputs, width, 3, stride, size)
            shortcut = Convolution(*down, inputs, width, 1, stride, size) if stride == 2 else None
            inputs, size = width, size // stride
            second = Convolution(f"{at}.conv2", f"{at}.bn2", width, width, 3, 1, size)
            found.append(Block(first, second, shortcut))
    return found


def convolutions(depths: Depths = RESNET18) -> list[Convolution]:
    """All of the network, in a state dict's order."""
    return [STEM, *(one for block in blocks(depths) for one in block.convolutions())]


def flops_per_image() -> int:
    """Multiplications and additions in the convolutions, for one image: 3.6e9."""
    return sum(one.flops() for one in convolutions())
