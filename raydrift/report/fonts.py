"""Fonts for the texts of pictures: this machine's where the usual one lacks signs."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

_USUAL: Final = "DejaVuSans.ttf"  # which matplotlib brings along: Latin, Greek, Cyrillic, Arabic
_SHOWN: Final = 3
_INVISIBLE: Final = ("Cc", "Cf", "Zs")
_VARIANTS: Final = range(0xFE00, 0xFE10)  # signs that choose how the one before them looks
_PLAINEST: Final = ("regular", "sans", "gothic")  # in a file's name, of two that have as much
_STYLED: Final = ("bold", "italic", "oblique", "light", "black", "thin", "condensed", "mono")


@dataclass(frozen=True)
class Lettering:
    """What texts are written with.

    Attributes:
        files: The fonts' files, in the order in which they are tried; the first is the usual one.
        missing: Signs that none of them has.
    """

    files: tuple[str, ...]
    missing: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """The fonts of this machine that texts need."""
        files, missing = _fonts_for(frozenset("".join(texts)))
        return cls(files, missing)

    def write(self, text: str) -> str:
        """A text with an escape for each sign that no font has: boxes would look alike."""
        if not self.missing:
            return text
        return "".join(_escaped(sign) if sign in self.missing else sign for sign in text)

    @property
    def note(self) -> str | None:
        """What is said of the missing signs; None: there are none."""
        codes = sorted(code for code in map(_escaped, self.missing) if code.strip())
        if not codes:
            return None
        shown = ", ".join(codes[:_SHOWN]) + (" …" if len(codes) > _SHOWN else "")
        return (
            f"no font of this machine has {shown}: the picture shows these codes; "
            "install one that has these characters, such as Noto Sans CJK, to see them"
        )

    @property
    def families(self) -> list[str]:
        """Their names for matplotlib, which is told where they are."""
        from matplotlib.font_manager import FontProperties, fontManager

        known = {font.fname for font in fontManager.ttflist}
        for file in self.files:
            if file not in known:
                fontManager.addfont(file)
        return [FontProperties(fname=file).get_name() for file in self.files]


def one_font(text: str) -> tuple[str, str]:
    """The file of the font that has most signs of a text, and the text as it can be written so."""
    signs = frozenset(text)
    file = max(Lettering.of([text]).files, key=lambda file: len(_signs_in(file, signs)))
    return file, Lettering((file,), signs - _signs_in(file, signs)).write(text)


def _fonts_for(signs: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    import matplotlib

    usual = str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / _USUAL)
    files, missing = [usual], signs - _signs_in(usual, signs)
    if not any(map(_escaped, missing)):
        return tuple(files), missing
    there = {file: _signs_in(file, missing) for file in _system_fonts()}
    while missing:
        best = max(there, key=lambda file: len(there[file] & missing), default=usual)
        found = there.get(best, frozenset()) & missing
        if not found:
            break
        files.append(best)
        missing -= found
    return tuple(files), missing


def _system_fonts() -> list[str]:
    """Font files of this machine, plain ones first."""
    from matplotlib.font_manager import findSystemFonts

    def rank(file: str) -> tuple[bool, int, str]:
        name = Path(file).name.lower()
        styled = any(word in name for word in _STYLED)
        return styled, -sum(word in name for word in _PLAINEST), name

    return sorted(findSystemFonts(), key=rank)


def _signs_in(file: str, signs: frozenset[str]) -> frozenset[str]:
    """Those of some signs that a font has; none of one that cannot be drawn with."""
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(file)
    except (OSError, RuntimeError):
        return frozenset()
    if not font.scalable:  # pictures of one size, as of emoji
        return frozenset()
    return frozenset(sign for sign in signs if font.get_char_index(ord(sign)))


def _escaped(sign: str) -> str:
    """Python's escape; nothing for what is not seen anyway."""
    if unicodedata.category(sign) in _INVISIBLE or ord(sign) in _VARIANTS:
        return " " if sign.isspace() else ""
    return sign.encode("ascii", "backslashreplace").decode()
