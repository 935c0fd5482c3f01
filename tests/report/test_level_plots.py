"""The two published plots."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from raydrift.report.evaluation import Evaluation
from raydrift.report.level_plots import kl_by_batch, kl_by_level
from tests.report.evaluations import evaluation_of, settings_of

TENTHS = tuple(number / 10 for number in range(1, 11))
Drawing = Callable[[Evaluation], bytes]


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are drawn, as they are when they are saved."""
    saved: list[Figure] = []
    save = Figure.savefig

    def remember(figure: Figure, *args: object, **options: object) -> None:
        saved.append(figure)
        save(figure, *args, **options)

    monkeypatch.setattr(Figure, "savefig", remember)
    return saved


def test_a_line_and_a_band_a_level(figures: list[Figure]) -> None:
    evaluation = evaluation_of(settings_of(TENTHS), batches=6)
    kl_by_batch(evaluation)
    (axes,) = figures[0].axes
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines) == ["1", "0.9", "0.8", "0.7", "0.6", "0.5", "0.4", "0.3", "0.2", "0.1"]
    np.testing.assert_allclose(lines["0.3"].get_ydata(), 0.3 + np.arange(6) / 100)
    assert len(axes.collections) == 10
    band = axes.collections[7].get_paths()[0].vertices
    low, high = np.array([batch.interval[2] for batch in evaluation.batches]).T
    assert band[:, 1].min() == pytest.approx(low.min())
    assert band[:, 1].max() == pytest.approx(high.max())
    assert axes.get_ylabel() == "KL divergence of a batch, nats"
    assert axes.get_xlabel() == "batch (of up to 8 images)"


@pytest.mark.parametrize("batches", [1, 2, 5])
def test_batches_are_counted_in_whole_numbers(batches: int, figures: list[Figure]) -> None:
    kl_by_batch(evaluation_of(settings_of(TENTHS), batches))
    (axes,) = figures[0].axes
    assert all(float(tick).is_integer() for tick in axes.get_xticks())


def test_a_box_a_level(figures: list[Figure]) -> None:
    evaluation = evaluation_of(settings_of(TENTHS), batches=5)
    kl_by_level(evaluation)
    (axes,) = figures[0].axes
    assert len(axes.patches) == 10
    box = axes.patches[4].get_path().vertices
    assert (box[:, 1].min(), box[:, 1].max()) == pytest.approx((0.51, 0.53)), "quartiles"
    assert [text.get_text() for text in axes.get_xticklabels()] == [
        "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1",
    ]  # fmt: skip


@pytest.mark.parametrize("draw", [kl_by_batch, kl_by_level])
@pytest.mark.parametrize(
    ("levels", "batches", "size"),
    [((0.0,), 1, 1), ((0.5,), 1, 8), (TENTHS, 2000, 1), (tuple(np.arange(101) / 100), 2, 2)],
    ids=["one image", "one batch", "many batches", "many levels"],
)
def test_it_is_a_picture_at_the_edges_too(
    draw: Drawing, levels: tuple[float, ...], batches: int, size: int
) -> None:
    evaluation = evaluation_of(settings_of(levels), batches, size)
    image = Image.open(BytesIO(draw(evaluation)))
    assert image.size == (1500, 840)
    assert (np.asarray(image.convert("L")) < 200).mean() > 0.005
