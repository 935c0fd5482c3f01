import pytest

from raydrift.camera import VIEWS, Demosaicer, Denoising, Sharpening, View
from raydrift.errors import SettingsError


def test_the_twelve_views_are_in_the_published_order() -> None:
    assert [str(view) for view in VIEWS] == [
        f"{demosaicer},{sharpening},{denoising}"
        for demosaicer in ("bi", "ma", "me")
        for sharpening in ("s", "u")
        for denoising in ("me", "ga")
    ]


def test_a_code_and_its_view_are_each_other() -> None:
    for view in VIEWS:
        assert View.parse(str(view)) == view
    assert View.parse(VIEWS[3]) is VIEWS[3]


def test_what_is_left_out_is_not_done() -> None:
    assert View.parse("me") == View(Demosaicer.MENON, Sharpening.NONE, Denoising.NONE)
    assert View.parse("bi, u") == View(Demosaicer.BILINEAR, Sharpening.UNSHARP)
    assert View.parse("ma,none,ga").sharpening == Sharpening.NONE


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("xy,s,ga", "view is 'xy,s,ga': 'xy' is not a demosaicer: choose from: bi, ma, me"),
        ("bi,x,ga", "view is 'bi,x,ga': 'x' is not a sharpening: choose from: none, s, u"),
        ("bi,s,x", "view is 'bi,s,x': 'x' is not a denoising: choose from: none, me, ga, fft"),
        ("bi,s,ga,", "view is 'bi,s,ga,': write it as 'bi,s,ga'"),
        ("", "view is '': '' is not a demosaicer: choose from: bi, ma, me"),
        (3, "view is 3: write it as 'bi,s,ga'"),
    ],
)
def test_other_codes_are_refused(code: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        View.parse(code)
    assert str(caught.value) == said
