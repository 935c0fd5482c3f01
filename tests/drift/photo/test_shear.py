import numpy as np
import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as oracle

from raydrift.drift import MovingTransform
from raydrift.drift.photo.rotate import Rotate
from raydrift.drift.photo.shear import Shear
from raydrift.images.decoded import RGB
from raydrift.images.scenes import draw_scene

IMAGE = draw_scene("boat", seed=0, index=0, height=61, width=90)


def torchvisions(image: RGB, x: float, y: float, nearest: bool = False) -> RGB:
    tensor = torch.from_numpy(image.reshape(*image.shape[:2], -1).transpose(2, 0, 1).copy())
    mode = InterpolationMode.NEAREST if nearest else InterpolationMode.BILINEAR
    moved = oracle.affine(
        tensor.float(), angle=0, translate=[0, 0], scale=1.0, shear=[x, y], interpolation=mode
    )
    levels: RGB = moved.round().permute(1, 2, 0).numpy().astype(np.uint8).reshape(image.shape)
    return levels


@pytest.mark.parametrize("x", [-40, -3.3, 0, 0.01, 20])
@pytest.mark.parametrize("y", [-17, 0, 39])
def test_it_is_torchvisions_within_1_level(x: float, y: float) -> None:
    sheared = Shear().apply(IMAGE, x=x, y=y)
    off = np.abs(sheared.astype(int) - torchvisions(IMAGE, x, y))
    inside = np.full(IMAGE.shape, 255, np.uint8)
    inside = (torchvisions(inside, x, y) == 255).all(axis=2)  # at the edge black is mixed in
    assert off[inside].max() <= 1
    assert inside.mean() > 0.3


@pytest.mark.parametrize(
    ("transform", "parameters"), [(Shear(), {"x": 20.0, "y": -8.0}), (Rotate(), {"degrees": 33.0})]
)
def test_points_go_where_pixels_go(
    transform: MovingTransform, parameters: dict[str, float]
) -> None:
    """The corners of a white square, in an image and as points."""
    corners = np.array([[40.0, 25.0], [48.0, 25.0], [48.0, 33.0], [40.0, 33.0]])
    image = np.zeros((61, 90, 3), np.uint8)
    image[25:34, 40:49] = 255
    moved = transform.apply_to_points(corners, 61, 90, **parameters)
    rows, columns = np.nonzero(transform.apply(image, **parameters)[:, :, 0] > 127)
    assert np.abs(moved.min(axis=0) - [columns.min(), rows.min()]).max() <= 1
    assert np.abs(moved.max(axis=0) - [columns.max(), rows.max()]).max() <= 1


def test_a_mask_keeps_its_labels_and_moves_with_its_image() -> None:
    mask = np.zeros((61, 90), np.uint8)
    mask[20:40, 30:60] = 7
    image = np.where(mask[:, :, None] == 7, np.uint8(255), np.uint8(0)).repeat(3, axis=2)
    moved = Shear().apply_to_mask(mask, x=15.0, y=10.0)
    assert set(np.unique(moved)) == {0, 7}
    there = Shear().apply(image, x=15.0, y=10.0)[:, :, 0]
    assert (moved[there == 255] == 7).all()
    assert (moved[there == 0] == 0).all()
