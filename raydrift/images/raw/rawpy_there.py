"""Whether rawpy is there, which is an extra."""

from importlib.util import find_spec
from typing import Final

from raydrift.errors import SettingsError
from raydrift.settings.raw import RawSettings

MISSING: Final = "raw files of cameras need rawpy: pip install 'raydrift[raw]'"


def lacks_rawpy(raw: RawSettings) -> bool:
    """Whether files are a camera's, and rawpy is not installed here."""
    return not raw.is_declared and find_spec("rawpy") is None


def check_rawpy(raw: RawSettings) -> None:
    """Makes sure that this machine can read the files.

    Raises:
        SettingsError: rawpy is missing.
    """
    if lacks_rawpy(raw):
        raise SettingsError(MISSING)
