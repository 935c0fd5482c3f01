"""Which files are raw ones by their names."""

from collections.abc import Mapping
from typing import Final

from raydrift.settings.raw import RawSettings

CAMERA_SUFFIXES: Final = frozenset((
    ".3fr", ".arw", ".cap", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".gpr", ".iiq",
    ".k25", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl",
    ".sr2", ".srf", ".srw", ".x3f",
))  # fmt: skip
"""A file is taken for a camera's raw file if its name ends so, in upper or lower case."""

_DECLARED: Final[Mapping[str, frozenset[str]]] = {
    "tiff": frozenset((".tif", ".tiff")),
    "png": frozenset((".png",)),
    "pgm": frozenset((".pgm", ".pnm")),
    "headerless": frozenset((".bin", ".dat", ".raw")),
}


def raw_suffixes(raw: RawSettings) -> frozenset[str]:
    """How the names of a run's raw files end."""
    return _DECLARED.get(raw.files, CAMERA_SUFFIXES)
