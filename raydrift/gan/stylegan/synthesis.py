"""The network that makes an image from styles."""

from collections.abc import Sequence
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d

from raydrift.gan.stylegan.architecture import LEAST_SIDE, Architecture
from raydrift.gan.stylegan.layers import (
    Drawn,
    FullyConnected,
    double_image,
    draw_normal,
    lrelu,
    smooth,
)


class StyledConvolution(Drawn):
    """A 3 x 3 convolution whose input channels a style scales, with noise.

    The weights w_oi · s_i divided by the root of the sum of their squares are one convolution an
    image. It is the same as to scale the input by s, to convolve with w, and to scale the output by
    1 / sqrt(sum over i and k of (w_oik s_i)² + 1e-8), which is one convolution for all images
    (Karras et al. 2020, "Analyzing and improving the image quality of StyleGAN", 2.2).

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        latent: The length of w.
        size: Height and width of what goes out.
        double: Whether it is twice the size of what comes in.
    """

    noise: Tensor

    def __init__(
        self, inputs: int, outputs: int, latent: int, size: tuple[int, int], double: bool
    ) -> None:
        super().__init__()
        self.style = FullyConnected(latent, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.empty(outputs, inputs, 3, 3))
        self.noise_strength = nn.Parameter(torch.empty(()))
        self.bias = nn.Parameter(torch.empty(outputs))
        self.register_buffer("noise", torch.empty(size))
        self._double = double

    def draw(self, generator: torch.Generator | None) -> None:
        """Draws the weights and the constant noise; bias and the noise's strength are 0."""
        draw_normal(self.weight, generator)
        draw_normal(self.noise, generator)
        self.noise_strength.zero_()
        self.bias.zero_()

    def forward(self, inside: Tensor, w: Tensor, noise: Tensor | None) -> Tensor:
        """Convolves.

        Args:
            inside: Floats of shape (n, inputs, h, w).
            w: Floats of shape (n, latent).
            noise: Floats of shape (n, 1, height, width); None: the constant noise.

        Returns:
            Floats of shape (n, outputs, height, width).
        """
        style = self.style(w)
        squares = self.weight.square().sum(dim=(2, 3))
        scale = (style.square() @ squares.T + 1e-8).rsqrt()
        scaled = inside * style[:, :, None, None]
        if self._double:
            weight = self.weight.transpose(0, 1)
            made = smooth(conv_transpose2d(scaled, weight, stride=2), 1, gain=4.0)
        else:
            made = conv2d(scaled, self.weight, padding=1)
        made = made * scale[:, :, None, None]
        made = made + (self.noise if noise is None else noise) * self.noise_strength
        return lrelu(made + self.bias[:, None, None])


class ToImage(Drawn):
    """A 1 x 1 convolution to the channels of the image, scaled by a style but not divided.

    Args:
        inputs: Channels that come in.
        channels: Of the image.
        latent: The length of w.
    """

    def __init__(self, inputs: int, channels: int, latent: int) -> None:
        super().__init__()
        self.style = FullyConnected(latent, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.empty(channels, inputs, 1, 1))
        self.bias = nn.Parameter(torch.empty(channels))

    def draw(self, generator: torch.Generator | None) -> None:
        """Draws the weights; the bias begins with 0."""
        draw_normal(self.weight, generator)
        self.bias.zero_()

    def forward(self, inside: Tensor, w: Tensor) -> Tensor:
        """Maps floats of shape (n, inputs, h, w) to (n, channels, h, w)."""
        style = self.style(w) * (1 / sqrt(self.weight.shape[1]))
        return conv2d(inside * style[:, :, None, None], self.weight, self.bias)


class Synthesis(Drawn):
    """Makes images from w: a learnt constant, then two convolutions for every size.

    Each size adds an image of its own to that of the size before ("skip"). The k-th convolution
    takes the k-th w, the image of a size the w of the next size's first convolution.

    Args:
        architecture: The sizes.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        latent = architecture.latent
        inputs = architecture.width_at(LEAST_SIDE)
        self.constant = nn.Parameter(torch.empty(inputs, *architecture.size_at(LEAST_SIDE)))
        self.convolutions = nn.ModuleList()
        self.images = nn.ModuleList()
        for side in architecture.sides:
            outputs, size = architecture.width_at(side), architecture.size_at(side)
            if side > LEAST_SIDE:
                self.convolutions.append(StyledConvolution(inputs, outputs, latent, size, True))
            self.convolutions.append(StyledConvolution(outputs, outputs, latent, size, False))
            self.images.append(ToImage(outputs, architecture.channels, latent))
            inputs = outputs

    def draw(self, generator: torch.Generator | None) -> None:
        """Draws the constant."""
        draw_normal(self.constant, generator)

    def noise_sizes(self) -> list[tuple[int, int]]:
        """Height and width of the noise of every convolution."""
        return [(one.noise.shape[0], one.noise.shape[1]) for one in self._convolutions()]

    def forward(self, styles: Tensor, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Makes images.

        Args:
            styles: w for every place, floats of shape (n, architecture.styles, latent).
            noise: Of each convolution, floats of shape (n, 1, height, width), see ``noise_sizes``;
                None: the constant noise.

        Returns:
            Floats of shape (n, channels, height, width), about -1 to 1; not clipped.
        """
        w = styles.unbind(dim=1)
        inside = self.constant.expand(styles.shape[0], *self.constant.shape)
        image: Tensor | None = None
        for place, convolution in enumerate(self.convolutions):
            inside = convolution(inside, w[place], None if noise is None else noise[place])
            if place % 2 == 0:  # the last convolution of a size
                own = self.images[place // 2](inside, w[place + 1])
                own = own.float() if own.element_size() < 4 else own
                image = own if image is None else double_image(image) + own
        if image is None:
            raise ValueError("the network has no convolutions")
        return image

    def _convolutions(self) -> list[StyledConvolution]:
        return [one for one in self.convolutions if isinstance(one, StyledConvolution)]
