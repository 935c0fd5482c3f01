"""The transforms of the catalogue among whose cameras the worst one can be searched for."""

from raydrift.drift.camera.transform import CameraTransform
from raydrift.transforms import ImageTransform
from raydrift.transforms.catalogue import published


def searched_transforms() -> list[CameraTransform]:
    """Those that change one thing of a camera, smoothly with numbers, in the catalogue's order.

    ``isp`` is not one: it draws noise and light too, which are random.

    >>> print(*searched_transforms()[:3])
    isp_black_level isp_white_balance isp_colour_matrix
    """
    found = []
    for name in ImageTransform:
        if name.startswith("isp_"):
            transform = published(name)
            if isinstance(transform, CameraTransform) and transform.spans(1.0):
                found.append(transform)
    return found
