"""Raw input: the mosaics of sensors instead of photographs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Integral, Real
from typing import Any, Final

from raydrift.checked import check_types, choose, require
from raydrift.errors import SettingsError
from raydrift.transforms import ImageTransform, TransformInfo

AUTO: Final = "auto"
HEADERLESS: Final = "headerless"
DECLARED: Final = ("tiff", "png", "pgm", HEADERLESS)
FULL: Final = "full"
HALF: Final = "half"
TILE: Final = "tile"
FILE: Final = "file"
DAYLIGHT: Final = "daylight"
PUBLISHED: Final = ("microscopy", "drone")
"""Cameras whose gains and matrix were published."""

CFAS: Final = ("RGGB", "BGGR", "GRBG", "GBRG")
VIEW_PARTS: Final = (("bi", "ma", "me"), ("s", "u", "none"), ("me", "ga", "none"))
"""Of a view: demosaicing, sharpening, denoising; the last two may be left out."""

_SMALLEST: Final = 2
_MOST_BITS: Final = 16


@dataclass(frozen=True)
class RawSettings:
    """What raw files are, and how the reference camera develops them.

    Attributes:
        files: ``auto``: the raw files of cameras, which say what they are. ``tiff``, ``png``,
            ``pgm`` or ``headerless``: mosaics that are declared here, with cfa, gains and matrix.
            The numbers of headerless ones are little-endian.
        cfa: The pattern of declared mosaics; of camera files, the only one that is taken.
        black: The black level as the numbers of the file have it, one or four by place: (0, 0),
            (0, 1), (1, 0), (1, 1). None: that of a camera file, 0 of a declared mosaic.
        white: The saturated level. None: that of a camera file; of a declared mosaic the largest
            number of its bits. Numbers that are shifted to the left are told by it: of 12 bits in
            16, bits = 12 and white = 65535.
        bits: Of the numbers of a declared mosaic, 1 to 16. None: those that the file has room for.
        shape: Rows and columns of headerless mosaics; of any files that are read in tiles, where
            all have the same: their sizes are not looked up then.
        gains: White balance: ``file`` (as shot; where a camera has not stored any, ``daylight``),
            ``daylight``, three gains of red, green and blue, ``microscopy`` or ``drone``.
        matrix: ``file``, three rows of three numbers from balanced camera colours to linear sRGB,
            ``microscopy`` or ``drone``.
        view: The reference development: demosaicing, sharpening, denoising, as ``bi,u,ga``.
        read: ``full``: develop, then resize. ``half``: red, the mean of both greens and blue of
            each square of 2 × 2 become one pixel, and nothing is demosaiced. ``tile``: each file
            is cut into tiles, and each tile is a sample, developed by itself.
        tile: Rows and columns of a tile, an even number, so that the pattern is the same in all.
            What is left of a file on the right and below is no whole tile, and is not used.
        compat: The numbers of Oala et al. (TMLR 2023): values are divided by 65,535 (255 of 8
            bits) and not by white less black, highlights are left as they are, the black levels of
            camera files stand in LibRaw's order of colours, and borders and unsharp mask are the
            published ones.

    Raises:
        SettingsError: (a ``ValueError``) One of them cannot be, or does not go with the others.
    """

    files: str = AUTO
    cfa: str | None = None
    black: Any = None
    white: float | None = None
    bits: int | None = None
    shape: Any = None
    gains: Any = FILE
    matrix: Any = FILE
    view: str = "bi,u,ga"
    read: str = FULL
    tile: int = 256
    compat: bool = False

    def __post_init__(self) -> None:
        check_types(self, "raw.", leave=("black", "shape", "gains", "matrix"))
        choose("raw.files", self.files, (AUTO, *DECLARED))
        if self.cfa is not None:
            choose("raw.cfa", self.cfa, CFAS)
        choose("raw.read", self.read, (FULL, HALF, TILE))
        ok = self.tile >= _SMALLEST and self.tile % 2 == 0
        require(ok, "raw.tile", self.tile, f"give an even number from {_SMALLEST}")
        checked = {
            "black": _black(self.black),
            "shape": _shape(self.shape),
            "gains": _gains(self.gains),
            "matrix": _matrix(self.matrix),
            "view": _view(self.view),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        self._check_levels()
        if self.is_declared:
            self._check_declared()
        else:
            remedy = "camera files say it: leave it out, or set raw.files"
            require(self.bits is None, "raw.bits", self.bits, remedy)
            require(self.shape is None or self.is_tiled, "raw.shape", self.shape, remedy)

    @property
    def is_declared(self) -> bool:
        """Whether the files say nothing of the mosaic that they hold."""
        return self.files != AUTO

    @property
    def is_tiled(self) -> bool:
        """Whether a file is cut into several samples."""
        return self.read == TILE

    def _check_levels(self) -> None:
        ok = self.bits is None or 1 <= self.bits <= _MOST_BITS
        require(ok, "raw.bits", self.bits, f"give 1 to {_MOST_BITS}")
        if self.white is None:
            return
        ok = isfinite(self.white) and 0 < self.white <= 2**_MOST_BITS - 1
        require(ok, "raw.white", self.white, "give a number above 0, up to 65535")
        ok = self.black is None or max(self.black) < self.white
        require(ok, "raw.black", self.black, f"give levels below raw.white = {self.white:g}")

    def _check_declared(self) -> None:
        what = f"a {self.files} file does not say it"
        require(self.cfa is not None, "raw.cfa", self.cfa, f"{what}: give {' or '.join(CFAS)}")
        remedy = f'{what}: give three gains of red, green and blue, "microscopy" or "drone"'
        require(self.gains not in (FILE, DAYLIGHT), "raw.gains", self.gains, remedy)
        remedy = f'{what}: give three rows of three numbers, "microscopy" or "drone"'
        require(self.matrix != FILE, "raw.matrix", self.matrix, remedy)
        if self.files == HEADERLESS:
            for name, how in (("shape", "[rows, columns]"), ("bits", "1 to 16")):
                remedy = f"{what}: give {how}"
                require(getattr(self, name) is not None, f"raw.{name}", None, remedy)
        elif not self.is_tiled:
            remedy = f"a {self.files} file says it: leave it out"
            require(self.shape is None, "raw.shape", self.shape, remedy)
        if self.bits is not None:
            most = float(2**self.bits - 1) if self.white is None else self.white
            black = self.black or (0.0,)
            remedy = f"give levels below white, {most:g} of {self.bits} bits"
            require(max(black) < most, "raw.black", self.black, remedy)

    def check_transforms(self, infos: Iterable[TransformInfo]) -> None:
        """Makes sure that a drift can be done on such files.

        Raises:
            SettingsError: Demosaicing would drift where nothing is demosaiced.
        """
        if self.read == HALF and any(
            info.name == ImageTransform.ISP_DEMOSAIC and info.drift_level > 0 for info in infos
        ):
            raise SettingsError(
                'isp_demosaic: raw.read = "half" demosaics nothing: leave the transform out, or '
                'set raw.read = "full"'
            )


def _numbers(given: object) -> tuple[float, ...] | None:
    """Finite numbers; None: they are something else."""
    plain: Any = getattr(given, "tolist", lambda: given)()  # of numpy's arrays and numbers
    each = list(plain) if isinstance(plain, Sequence) and not isinstance(plain, str) else [plain]
    real = all(isinstance(one, Real) and not isinstance(one, bool) for one in each)
    if not real or not all(isfinite(one) for one in each):
        return None
    return tuple(float(one) for one in each)


def _black(given: object) -> tuple[float, ...] | None:
    if given is None:
        return None
    levels = _numbers(given)
    ok = levels is not None and len(levels) in (1, 4) and min(levels) >= 0
    require(ok, "raw.black", given, "give one number of at least 0, or four by place")
    assert levels is not None  # noqa: S101  (for mypy)
    return levels * 4 if len(levels) == 1 else levels


def _shape(given: object) -> tuple[int, int] | None:
    if given is None:
        return None
    plain: Any = getattr(given, "tolist", lambda: given)()
    both = plain if isinstance(plain, Sequence) and not isinstance(plain, str) else ()
    whole = [int(one) for one in both if type(one) is not bool and isinstance(one, Integral)]
    ok = len(whole) == len(both) == 2 and min(whole) >= _SMALLEST
    remedy = f"give [rows, columns], whole numbers from {_SMALLEST}"
    require(ok, "raw.shape", given, remedy)
    return whole[0], whole[1]


def _gains(given: object) -> str | tuple[float, ...]:
    words = (FILE, DAYLIGHT, *PUBLISHED)
    if isinstance(given, str):
        choose("raw.gains", given, words)
        return given
    gains = _numbers(given)
    ok = gains is not None and len(gains) == 3 and min(gains) > 0
    remedy = f"give three gains above 0 of red, green and blue, or one of: {', '.join(words)}"
    require(ok, "raw.gains", given, remedy)
    assert gains is not None  # noqa: S101  (for mypy)
    return gains


def _matrix(given: object) -> str | tuple[tuple[float, ...], ...]:
    words = (FILE, *PUBLISHED)
    if isinstance(given, str):
        choose("raw.matrix", given, words)
        return given
    plain: Any = getattr(given, "tolist", lambda: given)()
    rows = [_numbers(row) for row in plain] if isinstance(plain, Sequence) else []
    ok = len(rows) == 3 and all(row is not None and len(row) == 3 for row in rows)
    remedy = f"give three rows of three finite numbers, or one of: {', '.join(words)}"
    require(ok, "raw.matrix", given, remedy)
    return tuple(row for row in rows if row is not None)


def _view(given: str) -> str:
    """The code of a view without spaces."""
    parts = [part.strip() for part in given.split(",")]
    ok = 1 <= len(parts) <= len(VIEW_PARTS) and all(
        part in choices for part, choices in zip(parts, VIEW_PARTS, strict=False)
    )
    choices = ", then ".join("|".join(one) for one in VIEW_PARTS)
    require(ok, "raw.view", given, f"write it as 'bi,u,ga': {choices}")
    return ",".join(parts)
