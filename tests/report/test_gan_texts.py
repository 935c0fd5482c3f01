"""What a training achieved, in words."""

import math

import pyarrow as pa
import pytest

from raydrift.report.gan_curves import curves_of
from raydrift.report.gan_names import curve_title, measure_title, panels_of
from raydrift.report.gan_texts import gan_sentences, gan_warnings
from tests.report.trainings import progress_of

Way = tuple[float, float, float | None]


def sentences(kind: str = "cyclegan", saves: int = 1, **changed: Way) -> list[str]:
    table = progress_of(kind, saves=saves, points=3, **changed)
    return gan_sentences(curves_of(table), "ResNet18")


def warnings(kind: str = "cyclegan", restarts: int = 0, **changed: Way) -> list[str]:
    return gan_warnings(curves_of(progress_of(kind, saves=1, points=3, **changed)), restarts)


def test_a_translation_in_sentences() -> None:
    assert sentences() == [
        "The translation to the target closes 63 % of the gap (95 % interval 55 to 71 %, by "
        "ResNet18).",
        "The translation back to the source closes 41 % of the gap (95 % interval 29 to 53 %, by "
        "ResNet18).",
        "The Fréchet distance to held-out images (ResNet18) is 171. To compare: the source as it "
        "is has 244, as many training images have 62.0, the least to hope for.",
        "After the translation there and back a pixel is off by 8.30 of 255 grey levels on "
        "average.",
        "Generated images lie 87 % as far from each other as real ones; 2 % of them are closer "
        "to a training image than 99 of 100 held-out ones are.",
    ]
    assert warnings() == []


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (
            (0.0, 0.05, 0.1),
            "The translation to the target does not surely go anywhere: it closes 5 % of the gap "
            "(95 % interval −5 to 15 %, by ResNet18).",
        ),
        (
            (0.0, -1.2, 0.4),
            "The translation to the target goes the wrong way: its images are further from it than "
            "the originals were (gap closed −120 %, 95 % interval −160 to −80 %, by ResNet18).",
        ),
        (
            (0.0, math.nan, None),
            "How much of the gap the translation to the target closes is not defined: by ResNet18, "
            "held-out images of the two domains cannot be told apart.",
        ),
    ],
)
def test_a_gap_that_was_not_closed(gap: Way, said: str) -> None:
    assert sentences(gap_closed=gap)[0] == said


def test_a_gap_by_pixels_is_told_beside_that_by_the_network() -> None:
    tables = [progress_of(saves=1, points=1, features=kind) for kind in ("network", "pixels")]
    found = gan_sentences(curves_of(pa.concat_tables(tables)), "ResNet18")
    assert [one.split(", by ")[1] for one in found[:2]] == ["ResNet18).", "8 × 8 block means)."]
    assert "(ResNet18)" in found[4], "the distance is the network's"


def test_a_gap_that_is_defined_is_told_before_one_that_is_not() -> None:
    network = progress_of(saves=1, points=1, features="network", gap_closed=(0.0, math.nan, None))
    pixels = progress_of(saves=1, points=1, features="pixels")
    first, second = gan_sentences(curves_of(pa.concat_tables([network, pixels])), "ResNet18")[:2]
    assert first.startswith("The translation to the target closes ")
    assert second.startswith("How much of the gap the translation to the target closes is not def")


def test_a_synthesis_is_compared_with_its_start_and_with_real_images() -> None:
    first, second = sentences("stylegan2", saves=2)
    assert first == (
        "The Fréchet distance to held-out images (ResNet18) is 110, at the first save it was 161. "
        "To compare: as many training images have 36.0, the least to hope for."
    )
    assert second.startswith("Generated images lie 80 % as far")
    worse = sentences("stylegan2", saves=2, frechet_distance=(80.0, 300.0, None))[0]
    assert "is 296, at the first save it was 270, at its best 270 (step 10,000)." in worse


def test_without_measures_that_is_said() -> None:
    (said,) = sentences(saves=0)
    assert said.startswith("How good the images are was not measured")


@pytest.mark.parametrize(
    ("kind", "changed", "said"),
    [
        ("cyclegan", {"diversity": (0, 0.02, 0.01)}, "The training has collapsed: "),
        ("cyclegan", {"diversity": (0, 0.3, 0.01)}, "Generated images vary little: 30 % of"),
        ("stylegan2", {"memorisation": (0, 0.4, 0.1)}, "40 % of the generated images are close to"),
        ("stylegan2", {"augment_at_end": (0, 1, None)}, ""),
    ],
)
def test_what_looks_wrong_is_warned_of(kind: str, changed: dict[str, Way], said: str) -> None:
    found = warnings(kind, **changed)
    assert [one[: len(said)] for one in found] == ([said] if said else [])


def test_restarts_are_told() -> None:
    assert warnings(restarts=1)[0].startswith("Losses were not finite once: the training went back")
    assert warnings(restarts=3)[0].startswith("Losses were not finite 3 times: ")


@pytest.mark.parametrize(
    ("kind", "losses", "said"),
    [
        (
            "cyclegan",
            {"discriminator_target": 0.001, "gan_to_target": 0.95},
            "The discriminator of the target has won",
        ),
        ("stylegan2", {"augment": 0.99}, "The chance of augmentation is at its limit"),
        ("cyclegan", {"cycle": math.nan}, "There are steps at which these were not finite: cycle."),
        ("stylegan2", {"r1": math.nan, "path": math.nan}, ""),
    ],
)
def test_losses_that_went_wrong_are_warned_of(
    kind: str, losses: dict[str, float], said: str
) -> None:
    rows = progress_of(kind, saves=0, points=40).to_pylist()
    for row in rows:
        row["value"] = losses.get(row["name"], row["value"])
    table = progress_of(kind, saves=0, points=40)
    changed = table.set_column(4, "value", [[row["value"] for row in rows]])
    found = gan_warnings(curves_of(changed))
    assert [one[: len(said)] for one in found] == ([said] if said else [])


@pytest.mark.parametrize("kind", ["cyclegan", "stylegan2"])
def test_each_curve_has_a_panel_and_unknown_ones_too(kind: str) -> None:
    curves = curves_of(progress_of(kind, saves=0))
    panels = panels_of([*curves, "of_tomorrow", "gap_closed_network", "cycle_error"])
    assert panels[-1].names == ("of_tomorrow",)
    drawn = [name for panel in panels for name in panel.names]
    assert sorted(drawn) == sorted([*curves, "of_tomorrow"])
    assert all(panel.expected for panel in panels[:-1])


def test_names_say_what_a_number_is_of() -> None:
    assert measure_title("frechet_distance_network", "VGG") == "Fréchet distance (VGG)"
    assert measure_title("gap_closed_pixels", "VGG") == "Gap closed (8 × 8 block means)"
    assert measure_title("cycle_error", "VGG") == "Cycle error"
    long = measure_title("diversity_network", "ResNet18 (s3://bucket/folder/weights.pt)")
    assert long == "Diversity (ResNet18 (s3:/…r/weights.pt))"
    assert curve_title("generator", is_translation=True) == "all of the generators"
    assert curve_title("of_tomorrow", is_translation=False) == "of tomorrow"
