"""Photographs undone to mosaics, in torch."""

import numpy as np
import pytest
import torch

from raydrift.camera import DRONE, REFERENCE, Camera, unprocess
from raydrift.camera.differentiable import Parametrised, Unprocessed
from raydrift.errors import ImageError, SettingsError

BGGR = Camera(DRONE.black_level, DRONE.white_balance, DRONE.colour_matrix, 1.8, "bi", "BGGR")  # type: ignore[arg-type]


@pytest.mark.parametrize("camera", [REFERENCE, DRONE, BGGR], ids=["reference", "drone", "BGGR"])
@pytest.mark.parametrize("size", [(8, 8), (9, 12), (7, 3)])
def test_they_are_the_mosaics_of_the_kernels(camera: Camera, size: tuple[int, int]) -> None:
    photos = np.random.default_rng(0).integers(0, 256, (2, *size, 3), np.uint8)
    levels = torch.from_numpy(photos).permute(0, 3, 1, 2) / 255
    found = Unprocessed(camera)(levels)
    wanted = np.stack([unprocess(photo, camera) for photo in photos])
    np.testing.assert_allclose(found.numpy(), wanted, rtol=0, atol=2e-7)


def test_a_plain_camera_makes_a_flat_photograph_of_its_mosaic() -> None:
    flat = torch.tensor([0.7, 0.4, 0.2], dtype=torch.float64).view(1, 3, 1, 1).expand(1, 3, 6, 7)
    plain = Parametrised(REFERENCE, plain=True, batch_norm=False, dtype=torch.float64)
    pictures = plain(Unprocessed(REFERENCE, torch.float64)(flat))
    torch.testing.assert_close(pictures, flat, rtol=0, atol=1e-7)  # YUV as published


def test_both_can_be_exported_for_any_number_of_pictures() -> None:
    camera = Parametrised(REFERENCE, plain=True, batch_norm=False)
    whole = torch.nn.Sequential(Unprocessed(REFERENCE), camera).eval()
    shapes = ({0: torch.export.Dim("n")},)
    program = torch.export.export(whole, (torch.zeros(2, 3, 8, 6),), dynamic_shapes=shapes)
    photos = torch.rand(5, 3, 8, 6, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(program.module()(photos), whole(photos), rtol=0, atol=1e-6)


def test_what_is_no_batch_of_photographs_is_refused() -> None:
    with pytest.raises(ImageError, match=r"photographs are of shape \(3, 4, 4\): give"):
        Unprocessed(REFERENCE)(torch.zeros(3, 4, 4))
    flat = Camera(colour_matrix=((1.0, 0.0, 0.0),) * 3)
    with pytest.raises(SettingsError, match="give one with an inverse"):
        Unprocessed(flat)
