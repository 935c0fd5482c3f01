"""Which views are asked for, and what views cannot be asked for."""

from typing import Any

import pytest

from raydrift.errors import SettingsError
from raydrift.settings.toml import views_settings
from raydrift.settings.views import view_codes


@pytest.mark.parametrize("given", ["all", ["all"], ()])
def test_all_are_the_twelve(given: Any) -> None:
    asked = {"views": given} if given else {}
    codes = views_settings({"input": "in", "output": "out"} | asked).views
    assert len(set(codes)) == len(codes) == 12
    assert (codes[0], codes[-1]) == ("bi,s,me", "me,u,ga")


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ("me,u,ga", ("me,u,ga",)),
        (["me,u,ga", "bi,s,me"], ("me,u,ga", "bi,s,me")),
        ([" me, u, ga"], ("me,u,ga",)),
        (["bi"], ("bi,none,none",)),
    ],
)
def test_codes_are_written_in_full_and_keep_their_order(given: Any, codes: Any) -> None:
    assert view_codes(given) == codes


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"views": ["bx,s,me"]}, "view is 'bx,s,me': 'bx' is not a demosaicer: choose from: bi, "),
        ({"views": ["bi,s,xx"]}, "view is 'bi,s,xx': 'xx' is not a denoising: choose from: none, "),
        ({"views": "bi,s,me,ma,u,ga"}, "view is 'bi,s,me,ma,u,ga': write it as 'bi,s,ga'"),
        ({"views": ["bi,s,fft"]}, "view is 'bi,s,fft': fft is for develop() alone"),
        ({"views": ["bi,s,me", "bi, s, me"]}, "view bi,s,me is given twice: leave one out"),
        ({"views": ["all", "bi,s,me"]}, "views: give all, or views one by one"),
        ({"views": []}, 'views is []: write "all" or a list, ["bi,s,me", "me,u,ga"]'),
        ({"views": 12}, 'views is 12: write "all" or a list, ["bi,s,me", "me,u,ga"]'),
        ({"compat": "perhaps"}, "compat is 'perhaps': give true or false"),
        ({"transforms": ["hue:0.5"]}, "transforms: views are of the photographs as they are, and"),
        ({"embedding": {"compute": True}}, "embedding.compute: views come without embeddings: "),
        ({"output": "in"}, "output is 'in': that is the input: choose another folder"),
        ({"output": "in/out"}, "output is 'in/out': that is in the input: choose another folder"),
        ({"input": "out/in"}, "output is 'out': the input is in it: choose another folder"),
        ({"camera": {"oversample": 0}}, "camera.oversample is 0: give a whole number from 1 to "),
    ],
)
def test_what_cannot_be_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        views_settings({"input": "in", "output": "out"} | given)
    assert str(caught.value).startswith(said)


def test_a_manifest_may_lie_beside_the_views() -> None:
    assert views_settings({"input": "out/photos.csv", "output": "out"}).run.output == "out"
