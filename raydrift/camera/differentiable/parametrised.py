"""The published parametrisation: a pipeline of 132 numbers that learn."""

from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from raydrift.camera.camera import Camera
from raydrift.camera.cfa import CFA, cfa_of
from raydrift.camera.differentiable.borders import mirrored
from raydrift.camera.differentiable.filters import filtered
from raydrift.camera.differentiable.numbers import check_mosaics
from raydrift.camera.differentiable.tone import DARKEST, clipped
from raydrift.errors import ImageError, SettingsError

_GREEN: Final = ((0.0, 0.25, 0.0), (0.25, 1.0, 0.25), (0.0, 0.25, 0.0))
_RED_OR_BLUE: Final = ((0.25, 0.5, 0.25), (0.5, 1.0, 0.5), (0.25, 0.5, 0.25))
_SHARP: Final = ((0.0, -1.0, 0.0), (-1.0, 5.0, -1.0), (0.0, -1.0, 0.0))

_CORNER, _KNIGHT, _FAR, _DIAGONAL, _NEXT = (
    6.9625e-08,
    2.8089e-05,
    2.0755e-04,
    1.1332e-02,
    8.3731e-02,
)
_BLUR: Final = (
    (_CORNER, _KNIGHT, _FAR, _KNIGHT, _CORNER),
    (_KNIGHT, _DIAGONAL, _NEXT, _DIAGONAL, _KNIGHT),
    (_FAR, _NEXT, 6.1869e-01, _NEXT, _FAR),
    (_KNIGHT, _DIAGONAL, _NEXT, _DIAGONAL, _KNIGHT),
    (_CORNER, _KNIGHT, _FAR, _KNIGHT, _CORNER),
)
"""A Gaussian of sigma 0.5, with the five digits that were published."""

_RGB_TO_YUV: Final = (
    (0.299, 0.587, 0.114),
    (-0.14714119, -0.28886916, 0.43601035),
    (0.61497538, -0.51496512, -0.10001026),
)
_YUV_TO_RGB: Final = (
    (1.0, -4.1827794561e-09, 1.1398830414),
    (1.0, -0.39464232326, -0.58062183857),
    (1.0, 2.0320618153, -1.2232658220e-09),
)

_CONSTANTS: Final = ("M_RGB_2_YUV", "M_YUV_2_RGB")
"""What published files of parameters have besides: matrices that do not learn."""


class Parametrised(nn.Module):
    """The pipeline of Oala et al. whose every number learns, on mosaics of any size and pattern.

    "Data Models for Dataset Drift Controls in Machine Learning With Optical Images" (TMLR 2023).
    Black level, a 3 × 3 convolution of the three planes, white balance, colour matrix, a 3 × 3 and
    a 5 × 5 convolution of the luma, a clip to [1e-5, 1], gamma; then what is asked for: an additive
    layer, batch normalisation. It starts as the view ``bi,s,ga``, or as ``bi`` if it is asked to;
    borders are mirrored, but for that of the sharpening, which sees zeros beyond it, as published.

    Its ``state_dict`` has the published names. The two constant matrices that published files have
    besides are passed over.

    Args:
        camera: Its black level, gains, matrix, gamma and pattern; its view is not used.
        plain: Start without sharpening and smoothing.
        batch_norm: End with a ``BatchNorm2d(3, affine=False)``, as published.
        published_border: Whether the sharpening sees zeros; if not, its border is mirrored, too.
        additive: Height and width of the additive layer, a picture that learns from zeros on and is
            added to each output of that size; None: there is none.
        track_stages: Keep what each stage made in ``stages``. Sharpening then goes to RGB and back.
            The published way back is not quite an inverse (6e-7); this one is, and the pictures
            stay as they are.
        dtype: float32 or float64; None: torch's default.

    Attributes:
        black_level: (4,), by place in the pattern, of the full scale.
        white_balance: (1, 3), gains of red, green and blue.
        colour_correction: (3, 3), from balanced camera colours to linear sRGB.
        gamma_correct: (1,), pixels are the linear values to the power of 1/gamma.
        debayer: Its ``weight`` (3, 3, 3, 3).
        sharpening_filter: Its ``weight`` (1, 1, 3, 3).
        gaussian_blur: Its ``weight`` (1, 1, 5, 5).
        additive_layer: (1, 3, height, width), or None.
        batch_norm: The last layer, or None.
        stages: Of the last pass, by name, (n, 3, height, width): ``demosaic`` (the mosaic as three
            planes), ``color_correct``, ``sharpening``, ``gaussian``, ``clipped``, ``gamma_correct``
            and ``noise`` (with the additive layer). Call ``retain_grad()`` of one before
            ``backward()``, and its ``grad`` is there.

    >>> from raydrift.camera import DRONE
    >>> camera = Parametrised(DRONE, batch_norm=False, track_stages=True)
    >>> sum(one.numel() for one in camera.parameters())
    132
    >>> pictures = camera(torch.full((2, 6, 7), 0.5))
    >>> camera.stages["gaussian"].retain_grad()
    >>> pictures.mean().backward()
    >>> tuple(pictures.shape), tuple(camera.stages["gaussian"].grad.shape)
    ((2, 3, 6, 7), (2, 3, 6, 7))
    """

    _to_yuv: Tensor
    _to_rgb: Tensor
    _back: Tensor

    def __init__(
        self,
        camera: Camera,
        *,
        plain: bool = False,
        batch_norm: bool = True,
        published_border: bool = True,
        additive: tuple[int, int] | None = None,
        track_stages: bool = False,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()

        def learned(values: Any, *shape: int) -> nn.Parameter:
            return nn.Parameter(torch.tensor(values, dtype=dtype).reshape(shape))

        self.black_level = learned(camera.black_level, 4)
        self.white_balance = learned(camera.white_balance, 1, 3)
        self.colour_correction = learned(camera.colour_matrix, 3, 3)
        self.gamma_correct = learned(camera.gamma, 1)
        self.debayer = _convolution(3, 3, dtype)
        self.sharpening_filter = _convolution(1, 3, dtype)
        self.gaussian_blur = _convolution(1, 5, dtype)
        with torch.no_grad():
            self.debayer.weight.zero_()
            for colour, kernel in enumerate((_RED_OR_BLUE, _GREEN, _RED_OR_BLUE)):
                self.debayer.weight[colour, colour] = torch.tensor(kernel, dtype=dtype)
            sharp, blur = (_nothing(3), _nothing(5)) if plain else (_SHARP, _BLUR)
            self.sharpening_filter.weight[0, 0] = torch.tensor(sharp, dtype=dtype)
            self.gaussian_blur.weight[0, 0] = torch.tensor(blur, dtype=dtype)
        self.additive_layer = None
        if additive is not None:
            self.additive_layer = nn.Parameter(torch.zeros(1, 3, *additive, dtype=dtype))
        self.batch_norm = nn.BatchNorm2d(3, affine=False, dtype=dtype) if batch_norm else None
        back = torch.linalg.inv(torch.tensor(_YUV_TO_RGB, dtype=torch.float64)).tolist()
        for name, matrix in (("to_yuv", _RGB_TO_YUV), ("to_rgb", _YUV_TO_RGB), ("back", back)):
            self.register_buffer(f"_{name}", torch.tensor(matrix, dtype=dtype), persistent=False)
        self.cfa: CFA = cfa_of(camera.cfa)
        self._published_border = published_border
        self.track_stages = track_stages
        self.stages: dict[str, Tensor] = {}

    @classmethod
    def by(cls, camera: Camera, **options: Any) -> "Parametrised":
        """The pipeline that starts as a camera, see the class."""
        return cls(camera, **options)

    def forward(self, raw: Tensor) -> Tensor:
        """Develops mosaics.

        Args:
            raw: (n, height, width), at least 2 × 2, of the parameters' dtype; 1 is the full scale.

        Returns:
            (n, 3, height, width); in [0.005, 1] for a gamma of 2.2, before what is added and
            normalised.

        Raises:
            ImageError: The tensor is no batch of mosaics, or of another dtype.
            SettingsError: The additive layer is of another size.
        """
        check_mosaics(raw)
        if raw.dtype != self.black_level.dtype:
            kinds = (str(one.dtype).removeprefix("torch.") for one in (raw, self.black_level))
            problem = "the mosaics are {}, the parameters {}: give both the same".format(*kinds)
            raise ImageError("develop", problem)
        self.stages = {}
        rgb = self._kept("demosaic", self._spread(raw))
        rgb = conv2d(mirrored(rgb, 1, 1), self.debayer.weight)
        rgb = rgb * self.white_balance.reshape(1, 3, 1, 1)
        rgb = self._kept("color_correct", _mixed(self.colour_correction, rgb))
        yuv = _mixed(self._to_yuv, rgb)
        y = yuv[:, :1]
        y = pad(y, (1, 1, 1, 1)) if self._published_border else mirrored(y, 1, 1)
        y = _filtered(y, self.sharpening_filter.weight)
        if self.track_stages:
            rgb = self._kept("sharpening", self._rgb(y, yuv))
            yuv = _mixed(self._back, rgb)
            y = yuv[:, :1]
        y = _filtered(mirrored(y, 2, 2), self.gaussian_blur.weight)
        rgb = self._kept("gaussian", self._rgb(y, yuv))
        rgb = self._kept("clipped", clipped(rgb, DARKEST, 1))
        rgb = self._kept("gamma_correct", torch.exp(torch.log(rgb) / self.gamma_correct))
        if self.additive_layer is not None:
            rgb = self._kept("noise", self._with_layer(rgb, self.additive_layer))
        return rgb if self.batch_norm is None else self.batch_norm(rgb)

    def _spread(self, raw: Tensor) -> Tensor:
        """The mosaic less its black level as three planes, 0 where a colour is not seen."""
        planes = raw.new_zeros(raw.shape[0], 3, *raw.shape[1:])
        for place, colour in enumerate(self.cfa.colours):
            row, column = divmod(place, 2)
            planes[:, colour, row::2, column::2] = (
                raw[:, row::2, column::2] - self.black_level[place]
            )
        return planes

    def _rgb(self, y: Tensor, yuv: Tensor) -> Tensor:
        return _mixed(self._to_rgb, torch.cat([y, yuv[:, 1:]], dim=1))

    def _kept(self, stage: str, rgb: Tensor) -> Tensor:
        if self.track_stages:
            self.stages[stage] = rgb
        return rgb

    def _with_layer(self, rgb: Tensor, layer: Tensor) -> Tensor:
        if layer.shape[2:] != rgb.shape[2:]:
            size, own = ("{} × {}".format(*one.shape[2:]) for one in (rgb, layer))
            height, width = rgb.shape[2:]
            raise SettingsError(
                f"the additive layer is {own}, the mosaics are {size}: make it with "
                f"additive=({height}, {width})"
            )
        return rgb + layer

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        for name in _CONSTANTS:
            state_dict.pop(prefix + name, None)
        super()._load_from_state_dict(state_dict, prefix, *rest)


def _nothing(size: int) -> list[list[float]]:
    """The kernel that leaves a picture as it is."""
    middle = size // 2
    return [[float(row == column == middle) for column in range(size)] for row in range(size)]


def _convolution(channels: int, size: int, dtype: torch.dtype | None) -> nn.Conv2d:
    return nn.Conv2d(channels, channels, size, bias=False, dtype=dtype)


def _mixed(matrix: Tensor, planes: Tensor) -> Tensor:
    """The matrix times the three channels of each pixel."""
    found: Tensor = (matrix @ planes.flatten(2)).unflatten(2, planes.shape[2:])
    return found


def _filtered(y: Tensor, weight: Tensor) -> Tensor:
    """The luma, (n, 1, height, width), through a convolution of one channel."""
    if torch.compiler.is_exporting():  # the faster way is for one number of pictures alone
        return conv2d(y, weight)
    return filtered(y[:, 0], weight[0])[:, None]
