"""The curves of a training as a picture."""

import math
from io import BytesIO
from itertools import combinations

import pytest
from PIL import Image

from raydrift import schemas
from raydrift.report.gan_plot import gan_figure, gan_plot
from tests.report.trainings import progress_of


@pytest.mark.parametrize(("kind", "panels"), [("cyclegan", 9), ("stylegan2", 8)])
def test_each_panel_has_its_own_room(kind: str, panels: int) -> None:
    figure = gan_figure(progress_of(kind, saves=3, points=50), "ResNet18")
    figure.draw_without_rendering()
    drawn = [axes for axes in figure.axes if axes.axison]
    assert len(drawn) == panels
    boxes = [box for axes in drawn if (box := axes.get_tightbbox())]
    assert not any(one.overlaps(two) for one, two in combinations(boxes, 2))
    width = figure.bbox.width
    assert all(box.x1 <= width for box in boxes)
    for axes in drawn:
        if legend := axes.get_legend():
            assert not legend.get_window_extent().overlaps(axes.get_window_extent())


def test_a_single_save_no_save_and_nothing_are_pictures() -> None:
    nan = (math.nan, math.nan, None)
    for table in (
        progress_of(saves=1, points=1, features="pixels", gap_closed=nan),
        progress_of("stylegan2", saves=0),
        schemas.GAN_PROGRESS.empty_table(),
    ):
        with Image.open(BytesIO(gan_plot(table))) as picture:
            assert picture.format == "PNG"
