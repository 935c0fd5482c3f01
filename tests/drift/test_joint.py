"""Transforms of a family: those that follow each other are applied in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from raydrift.drift import drift_image, replay_sample
from raydrift.drift.joint import JointTransform, Step
from raydrift.errors import PipelineError
from raydrift.images.pixels import RGB, Sample
from raydrift.transforms import ImageTransform, TransformInfo

GREY = np.full((4, 6, 3), 100, np.uint8)


@dataclass(frozen=True)
class Added(JointTransform):
    """Adds up what its neighbours in the list add, and applies the sum to the rounded tenth."""

    family = "sums"
    most: float = 80.0

    def draw(self, level: float, rng: np.random.Generator) -> dict[str, float]:
        return {"add": self.most * level}

    @classmethod
    def apply_together(cls, image: RGB, steps: Sequence[Step], setup: Any) -> RGB:
        assert setup is None, "nothing is shared"
        total = sum(step.parameters["add"] for step in steps)
        if total > 150:
            raise ValueError("too much")
        return image + np.uint8(round(total, -1))


HALF, FULL = TransformInfo(Added(), 0.55), TransformInfo(Added(), 1.0)
STILL, FLAT = TransformInfo(ImageTransform.HUE, 0.0), TransformInfo(ImageTransform.HUE, 0.1)


@pytest.mark.parametrize(
    ("chain", "value"),
    [
        ([HALF], 140),
        ([HALF, HALF], 190),  # 88 are rounded once
        ([HALF, STILL, HALF], 190),
        ([HALF, FLAT, HALF], 180),  # and here twice
    ],
)
def test_neighbours_are_one(chain: list[TransformInfo], value: int) -> None:
    drifted, drawn = drift_image(GREY, chain, seed=1, sample_id=0)
    assert np.unique(drifted).tolist() == [value]
    assert len(drawn) == len(chain), "each has its own row"
    assert (replay_sample(Sample(GREY), drawn, seed=1, sample_id=0).pixels == drifted).all()
    assert np.unique(GREY).tolist() == [100]


def test_an_error_names_all_of_them() -> None:
    name = f"{__name__}:Added"
    with pytest.raises(
        PipelineError,
        match=rf"^transforms {name}:1\.0, {name}:1\.0 failed on sample 3: ValueError: too much$",
    ):
        drift_image(GREY, [FULL, FULL], seed=1, sample_id=3)
