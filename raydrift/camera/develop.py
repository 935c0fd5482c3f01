"""``develop``: from a mosaic to a picture."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.camera.camera import IDENTITY, Camera
from raydrift.camera.cfa import cfa_of
from raydrift.camera.checks import black_of, colour_matrix_of, gains_of, mosaic_of
from raydrift.camera.luma import without_high_frequencies
from raydrift.camera.planes import interleaved
from raydrift.camera.rendering import Rendering, adjusted, linear_rgb, picture_of
from raydrift.camera.tone import encoded
from raydrift.camera.views import Demosaicer, Denoising, View
from raydrift.errors import SettingsError


def develop(
    mosaic: npt.NDArray[Any],
    *,
    black_level: npt.ArrayLike = 0.0,
    white_balance: npt.ArrayLike = (1.0, 1.0, 1.0),
    colour_matrix: npt.ArrayLike = IDENTITY,
    view: str | View = "bi,s,ga",
    cfa: str = "RGGB",
    gamma: float = 2.2,
    compat: bool = False,
) -> npt.NDArray[np.floating[Any]]:
    """Develops a mosaic, as the static pipeline of Oala et al. (TMLR 2023) does.

    Black level, demosaicing, white balance, colour matrix, sharpening and denoising of the luma,
    a clip to [0, 1], gamma. As published, nothing is divided by white less black: white is what is
    left of 1.

    Args:
        mosaic: (height, width), at least 2 × 2, sizes may be odd. uint8 and uint16 are divided by
            255 and 65,535; in float32 and float64 1 is the full scale. It is not changed.
        black_level: One number, or four by place: (0, 0), (0, 1), (1, 0), (1, 1); of the full
            scale.
        white_balance: Gains of red, green and blue; negative ones are the published microscope's.
        colour_matrix: 3 × 3, from balanced camera colours (columns) to linear sRGB (rows).
        view: Demosaicing (``bi`` bilinear, ``ma`` Malvar, ``me`` Menon), sharpening (``s`` filter,
            ``u`` unsharp mask, ``none``) and denoising (``me`` median, ``ga`` Gaussian, ``none``;
            with compat also ``fft``).
        cfa: ``RGGB``, ``BGGR``, ``GRBG`` or ``GBRG``.
        gamma: A pixel is the linear value to the power of 1/gamma.
        compat: Make the published numbers. Borders then repeat the edge pixel, so that bilinear and
            Malvar put a colour where another belongs; the sharpening filter sees zeros beyond the
            border, and the unsharp mask blurs down the columns alone. By default all borders are
            mirrored, and it blurs both ways.

    Returns:
        RGB in [0, 1], (height, width, 3); float64 for float64, else float32 (see ``render`` for how
        far that is off).

    Raises:
        SettingsError: (a ``ValueError``) A parameter cannot be.
        ImageError: The mosaic cannot be developed.

    >>> mosaic = np.full((3, 5), 0.25)
    >>> develop(mosaic, black_level=0.0625, gamma=2)[2, 4]
    array([0.4330127, 0.4330127, 0.4330127])
    """
    camera = Camera(
        black_level=black_of(black_level),
        white_balance=gains_of(white_balance),
        colour_matrix=colour_matrix_of(colour_matrix),
        gamma=gamma,
        view=View.parse(view),
        cfa=cfa_of(cfa),
    )
    fourier = camera.view.denoising == Denoising.FFT
    if fourier and not compat:
        raise SettingsError(f"view is {str(camera.view)!r}: fft is for compat=True alone")
    rendering = Rendering.by(camera)
    planes = linear_rgb(mosaic_of(mosaic), rendering, compat)
    planes = adjusted(planes, rendering, compat)
    if fourier:
        planes = without_high_frequencies(planes)
    return interleaved(encoded(planes, camera.gamma))


def develop_views(
    raw: npt.NDArray[np.float32], camera: Camera, views: Iterable[View], compat: bool = False
) -> Iterator[tuple[View, npt.NDArray[np.float32]]]:
    """Develops a mosaic once for each view; views of one demosaicer share its work.

    Args:
        raw: The mosaic, float32, (height, width), of at least 2 × 2 pixels; 1 is the full scale.
        camera: Whose constants are used; its own view is not.
        views: Without ``fft``.
        compat: As for ``develop``.

    Yields:
        Each view and its picture, the very pixels of ``develop``: RGB in [0, 1], float32, (height,
        width, 3). Views of a demosaicer come one after the other.
    """
    alike: dict[Demosaicer, list[View]] = {}
    for view in views:
        alike.setdefault(view.demosaicer, []).append(view)
    for same in alike.values():
        rendering = Rendering.by(replace(camera, view=same[0]))
        planes = linear_rgb(raw, rendering, compat)
        for view in same:
            rendering = Rendering.by(replace(camera, view=view))
            yield view, picture_of(planes.copy(), rendering, compat)
