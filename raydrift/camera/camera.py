"""Cameras: what turns the light of a scene into a picture."""

from dataclasses import dataclass, field
from typing import Final

from raydrift.camera.cfa import CFA, cfa_of
from raydrift.camera.checks import Black, black_of, colour_matrix_of, gains_of, gamma_of
from raydrift.camera.matrices import Matrix, Row, inverse, matrix_of, product, with_rows_of_sum_one
from raydrift.camera.views import View

IDENTITY: Final[Matrix] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True)
class Camera:
    """A sensor and the image signal processor (ISP) behind it.

    Lists and arrays become tuples, one black level becomes four, a view's code the view.

    Attributes:
        black_level: What the sensor gives without light, by place, of the full scale.
        white_balance: Gains of red, green and blue.
        colour_matrix: From the balanced red, green and blue of the sensor to linear sRGB.
        gamma: A pixel is the linear value to the power of 1/gamma.
        view: How it demosaics, sharpens and denoises; also as a code, ``bi,s,ga``.
        cfa: Its colour filter array.

    Raises:
        SettingsError: One of them cannot be.
    """

    black_level: Black = (0.0, 0.0, 0.0, 0.0)
    white_balance: Row = (1.0, 1.0, 1.0)
    colour_matrix: Matrix = IDENTITY
    gamma: float = 2.2
    view: View = field(default_factory=View)
    cfa: CFA = CFA.RGGB

    def __post_init__(self) -> None:
        """The same camera is the same dataclass, however it was written."""
        checked = {
            "black_level": black_of(self.black_level),
            "white_balance": gains_of(self.white_balance),
            "colour_matrix": colour_matrix_of(self.colour_matrix),
            "gamma": gamma_of(self.gamma),
            "view": View.parse(self.view),
            "cfa": cfa_of(self.cfa),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)


XYZ_TO_CAMERA: Final[tuple[Matrix, ...]] = (
    ((1.0234, -0.2969, -0.2266), (-0.5625, 1.6328, -0.0469), (-0.0703, 0.2188, 0.6406)),
    ((0.4913, -0.0541, -0.0202), (-0.6130, 1.3513, 0.2906), (-0.1564, 0.2151, 0.7183)),
    ((0.8380, -0.2630, -0.0639), (-0.2887, 1.0725, 0.2496), (-0.0627, 0.1427, 0.5438)),
    ((0.6596, -0.2079, -0.0562), (-0.4782, 1.3016, 0.1933), (-0.0970, 0.1581, 0.5181)),
)
"""From XYZ to the four cameras of the Darmstadt Noise Dataset, as in Brooks et al., "Unprocessing
Images for Learned Raw Denoising" (CVPR 2019)."""

_SRGB_TO_XYZ: Final[Matrix] = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)


def colour_matrix_from(xyz_to_camera: Matrix) -> Matrix:
    """The colour matrix of a camera, from the one that DNG files have.

    Args:
        xyz_to_camera: From XYZ to the camera's red, green and blue.

    Returns:
        From the camera's red, green and blue to linear sRGB; white stays white.
    """
    return inverse(with_rows_of_sum_one(product(xyz_to_camera, _SRGB_TO_XYZ)))


def _mean(matrices: tuple[Matrix, ...]) -> Matrix:
    return matrix_of(
        [sum(ones) / len(matrices) for ones in zip(*rows, strict=True)]
        for rows in zip(*matrices, strict=True)
    )


REFERENCE: Final = Camera(
    black_level=(0.0625,) * 4,
    white_balance=(2.1, 1.0, 1.7),
    colour_matrix=colour_matrix_from(_mean(XYZ_TO_CAMERA)),
)
"""An everyday camera: the mean of four matrices, gains for daylight, bilinear, no sharpening."""

MICROSCOPY: Final = Camera(
    black_level=(9.834368023181512e-06,) * 4,
    white_balance=(-0.6567, 1.9673, 3.5304),
    colour_matrix=(
        (-2.0338, 0.0933, 0.4157),
        (-0.0286, 2.6464, -0.0574),
        (-0.5516, -0.0947, 2.9308),
    ),
)
"""The microscope of Oala et al. (2023); its first column makes up for the negative gain of red."""

DRONE: Final = Camera(
    black_level=(0.0625, 0.0626, 0.0625, 0.0626),
    white_balance=(2.86653646, 1.0, 1.73079425),
    colour_matrix=(
        (1.50768983, -0.33571374, -0.17197604),
        (-0.23048614, 1.70698738, -0.47650126),
        (-0.03119153, -0.32803956, 1.35923111),
    ),
)
"""The drone's camera of Oala et al. (2023)."""
