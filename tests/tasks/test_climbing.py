"""A camera that is climbed to harms a model more than random ones of the same cost."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from raydrift.drift import drift_image
from raydrift.drift.camera.box import Box
from raydrift.drift.camera.fixed import with_fixed
from raydrift.drift.camera.searched import searched_transforms
from raydrift.drift.camera.twin import Twin
from raydrift.images.scenes import SCENES, draw_scene
from raydrift.settings.forensics import SearchSettings
from raydrift.settings.task import TaskSettings
from raydrift.tasks.climbing import climb, nudged, slope_of
from raydrift.tasks.files import find_task
from raydrift.tasks.harm import HarmCount
from raydrift.tasks.objective import Objective
from raydrift.tasks.scorer import Scorer
from raydrift.tasks.task import Task
from raydrift.transforms import DriftProfile, TransformInfo
from tests.tasks.models import SmallNet, save_program

NAMES = [str(one) for one in searched_transforms()]
PIXELS = np.stack([draw_scene(name, 0, i, 32, 32) for name in SCENES for i in range(12)])
LABELS = [place for place, _ in enumerate(SCENES) for _ in range(12)]


def infos(level: float, names: list[str] = NAMES) -> list[TransformInfo]:
    return [TransformInfo(name, level) for name in names]


@pytest.fixture(scope="module")
def scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    """A model that gets most of the drawn scenes right."""
    path = tmp_path_factory.mktemp("climbing") / "scenes.pt2"
    save_program(SmallNet().fit(PIXELS, np.array(LABELS)), path, size=32)
    settings = TaskSettings(str(path))
    return Scorer(Task(find_task(settings), settings, tuple(range(6))), "cpu", 1)


def looking(
    objective: Objective, box: Box, rng: np.random.Generator, size: int = 16, error: bool = False
) -> Callable[[], Any]:
    def glance() -> Any:
        places = rng.choice(len(PIXELS), size, replace=False)
        twin = Twin.of_photos(box, PIXELS[places])
        return objective.glance(twin, [LABELS[place] for place in places], None, error)

    return glance


def accuracy(scorer: Scorer, level: float, camera: dict[str, Any]) -> float:
    """Of the images that generate writes."""
    profile = with_fixed(DriftProfile(), camera)
    images = [
        drift_image(one, infos(level), seed=1, sample_id=place, profile=profile)[0]
        for place, one in enumerate(PIXELS)
    ]
    count = HarmCount()
    Objective(scorer, SearchSettings()).count(count, np.stack(images), LABELS, None)
    return count.harm.quality


def test_it_finds_a_camera_that_a_random_search_of_the_same_cost_does_not(scorer: Scorer) -> None:
    """A gradient costs about as much as two more answers."""
    level, restarts, objective = 0.2, 3, Objective(scorer, SearchSettings())
    box = Box.of(infos(level))
    climbed = []
    for restart in range(restarts):
        rng = np.random.default_rng([0, restart])
        start = nudged(box, rng) if restart == 0 else box.drawn(rng)
        glance = looking(objective, box, rng, error=restart % 2 == 0)
        climbed.append(climb(box, start, glance, steps=20, step=0.25))
    cost = restarts * (20 * 16 * 3 + len(PIXELS))
    rng = np.random.default_rng(1)
    drawn = [box.drawn(rng) for _ in range(cost // len(PIXELS))]
    original = accuracy(scorer, level, box.neutral())
    random = min(accuracy(scorer, level, one) for one in drawn)
    found = min(accuracy(scorer, level, one) for one in climbed)
    assert len(drawn) == 43
    assert original > 0.7
    assert original - found > 1.5 * (original - random)


@pytest.mark.parametrize("name", NAMES)
def test_what_it_ends_at_is_what_generate_can_draw(scorer: Scorer, name: str) -> None:
    box = Box.of(infos(0.4, [name]))
    rng = np.random.default_rng(3)
    glance = looking(Objective(scorer, SearchSettings()), box, rng, 4)
    end = climb(box, nudged(box, rng), glance, steps=5, step=0.25)
    with_fixed(DriftProfile(), json.loads(json.dumps(end))).check_setups(infos(0.4, [name]))


def test_both_gains_move_where_the_slopes_of_both_point_up() -> None:
    """One rises as the other falls: what is left is the difference of the slopes."""
    box = Box.of(infos(0.5, ["isp_white_balance"]))

    def objective(pictures: torch.Tensor) -> torch.Tensor:
        return pictures[:, 0].mean() + 3 * pictures[:, 2].mean()

    end = climb(
        box,
        box.neutral(),
        lambda: (Twin.of_photos(box, PIXELS[:4]), objective),
        steps=20,
        step=0.25,
    )
    assert end["gain_b"] > 1.2
    assert end["gain_r"] == pytest.approx(1 / end["gain_b"])


def test_slopes_are_those_of_small_steps(scorer: Scorer) -> None:
    box = Box.of(infos(0.5, ["isp_black_level", "isp_gamma"]))
    twin = Twin.of_photos(box, PIXELS[:8], dtype=torch.float64)
    camera = {"black": 0.004, "gamma": 1.1}

    def objective(pictures: torch.Tensor) -> torch.Tensor:
        return scorer.loss(pictures.float(), LABELS[:8])

    slope = slope_of(box, camera, twin, objective)
    for name, step in (("black", 1e-4), ("gamma", 1e-3)):
        ends = [
            float(objective(twin(twin.parameters([camera | {name: value}] * 8))).detach())
            for value in (camera[name] - step, camera[name] + step)
        ]
        assert slope[name] == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=0.05)


def test_slopes_that_are_not_finite_move_nothing() -> None:
    box = Box.of(infos(0.5, ["isp_gamma"]))
    twin = Twin.of_photos(box, PIXELS[:2])
    end = climb(
        box, {"gamma": 1.1}, lambda: (twin, lambda p: (p - p).sqrt().sum()), steps=3, step=0.2
    )
    assert end == {"gamma": 1.1}
    assert climb(box, {"gamma": 1.1}, lambda: None, steps=3, step=0.2) == {"gamma": 1.1}


@pytest.mark.parametrize("penalty", ["l2", "ssim"])
def test_a_penalty_keeps_pictures_near_the_reference(scorer: Scorer, penalty: str) -> None:
    box = Box.of(infos(0.5, ["isp_gamma"]))
    heavy = Objective(scorer, SearchSettings(penalty=penalty, penalty_weight=1e4))
    rng = np.random.default_rng(0)
    kept = climb(box, {"gamma": 1.3}, looking(heavy, box, rng), steps=20, step=0.1)
    free = Objective(scorer, SearchSettings())
    far = climb(box, {"gamma": 1.3}, looking(free, box, rng), steps=20, step=0.1)
    assert abs(np.log(kept["gamma"])) < 0.05 < abs(np.log(far["gamma"]))


def test_the_published_similarity_rewards_what_differs(scorer: Scorer) -> None:
    """As they wrote it, with the wrong sign: what is like the reference is worth less."""
    counts = []
    for compat in (False, True):
        search = SearchSettings(penalty="ssim", penalty_weight=1.0, compat=compat)
        count = HarmCount()
        Objective(scorer, search).count(count, PIXELS, LABELS, None, PIXELS)
        counts.append(count.harm)
    ours, theirs = counts
    assert ours.climbed == pytest.approx(ours.loss, abs=1e-5)
    assert theirs.climbed == pytest.approx(theirs.loss - 1, abs=1e-5)


def test_the_published_squares_are_added_up(scorer: Scorer) -> None:
    drifted = np.clip(PIXELS.astype(int) + 10, 0, 255).astype(np.uint8)
    found = {}
    for compat in (False, True):
        search = SearchSettings(penalty="l2", penalty_weight=1.0, compat=compat)
        count = HarmCount()
        Objective(scorer, search).count(count, drifted, LABELS, None, PIXELS)
        assert count.harm.climbed is not None
        found[compat] = count.harm.loss - count.harm.climbed
    assert found[True] == pytest.approx(found[False] * PIXELS.size, rel=1e-3)
