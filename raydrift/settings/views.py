"""The views of some photographs."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from raydrift.checked import check_disjoint, check_types
from raydrift.errors import SettingsError
from raydrift.settings.generate import GenerateSettings

ALL: Final = "all"
"""The twelve views, as they are asked for together."""


@dataclass(frozen=True)
class ViewsSettings:
    """One run that develops photographs in several ways.

    Attributes:
        run: The images, the output and the workers, as for a run that drifts; the reference camera
            is the profile's ``camera``.
        views: The codes of the views, ``bi,s,ga``, each once; ``all``: the twelve.
        compat: Whether they are made as published, with its borders and its unsharp mask.

    Raises:
        SettingsError: A view cannot be, or comes twice; drift or embeddings are asked for; one of
            input and output lies in the other.
    """

    run: GenerateSettings
    views: tuple[str, ...] = (ALL,)
    compat: bool = False

    def __post_init__(self) -> None:
        """The same views are the same codes, however they were written."""
        self.run.check_no_copies()
        check_types(self, leave=("views",))
        object.__setattr__(self, "views", view_codes(self.views))
        run = self.run
        asked = {
            "transforms": run.transforms,
            "drift": run.drift,
            "label_shift": run.label_shift,
            "calibration": run.calibration.profile,
        }
        for name, given in asked.items():
            if given:
                raise SettingsError(
                    f"{name}: views are of the photographs as they are, and take no drift: "
                    "leave it out"
                )
        if run.embedding.compute:
            raise SettingsError("embedding.compute: views come without embeddings: leave it out")
        check_disjoint(run.input, run.output)


def view_codes(given: object) -> tuple[str, ...]:
    """The codes of the views that are asked for, in full and in the order given.

    Args:
        given: A code, ``all``, or several codes.

    Raises:
        SettingsError: One is not a view, or comes twice.

    >>> view_codes("all")[0], view_codes(["me,u"])
    ('bi,s,me', ('me,u,none',))
    """
    known: Any = import_module("raydrift.camera.views")
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, Iterable) or not (codes := list(listed)):
        raise SettingsError(f'views is {given!r}: write "all" or a list, ["bi,s,me", "me,u,ga"]')
    if codes == [ALL]:
        return tuple(map(str, known.VIEWS))
    found: list[str] = []
    for code in codes:
        if code == ALL:
            raise SettingsError("views: give all, or views one by one")
        view = known.View.parse(code)
        if view.denoising == known.Denoising.FFT:
            raise SettingsError(f"view is {str(code)!r}: fft is for develop() alone")
        if str(view) in found:
            raise SettingsError(f"view {view} is given twice: leave one out")
        found.append(str(view))
    return tuple(found)
