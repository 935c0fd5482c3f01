import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.transforms.v2 import functional as oracle

from raydrift.drift.photo.occlusion import Occlusion
from raydrift.errors import SettingsError
from raydrift.images.scenes import draw_scene

IMAGE = draw_scene("boat", seed=0, index=0, height=60, width=90)


def test_it_is_torchvisions_erase() -> None:
    covered = Occlusion().apply(IMAGE, top=0.1, left=0.5, height=0.25, width=0.3, grey=77)
    tensor = torch.from_numpy(IMAGE.transpose(2, 0, 1).copy())
    expected = oracle.erase(tensor, 6, 45, 15, 27, torch.tensor(77, dtype=torch.uint8))
    assert (covered == expected.permute(1, 2, 0).numpy()).all()


@given(st.floats(1e-6, 1), st.integers(0, 2**32))
def test_it_covers_the_share_that_the_level_says_inside_the_image(level: float, seed: int) -> None:
    drawn = Occlusion(area=0.4).draw(level, np.random.default_rng(seed))
    assert drawn["height"] * drawn["width"] == pytest.approx(0.4 * level)
    assert 0.5 <= drawn["height"] / drawn["width"] <= 2 + 1e-9
    assert 0 <= drawn["top"] <= drawn["top"] + drawn["height"] <= 1 + 1e-9
    assert 0 <= drawn["left"] <= drawn["left"] + drawn["width"] <= 1 + 1e-9


def test_a_rectangle_that_may_not_fit_is_refused() -> None:
    with pytest.raises(SettingsError) as error:
        Occlusion(area=0.6)
    assert str(error.value) == "profile.occlusion.area is 0.6: give at most 1 / aspect"
