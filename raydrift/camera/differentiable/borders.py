"""Borders: planes go on beyond their edges as in a mirror, the edge itself not repeated."""

from torch import Tensor
from torch.nn.functional import pad


def mirrored(planes: Tensor, rows: int, columns: int, even: bool = False) -> Tensor:
    """Adds rows and columns on all four sides, as OpenCV's ``BORDER_REFLECT_101`` does.

    torch mirrors once; where more is wanted than there is, the mirror is mirrored.

    Args:
        planes: (n, channels, height, width), at least 2 × 2.
        rows: How many at the top and at the bottom.
        columns: How many at the left and at the right.
        even: One more at the bottom and at the right where a size is odd.
    """
    height, width = planes.shape[-2:]
    bottom = rows + (height % 2 if even else 0)
    right = columns + (width % 2 if even else 0)
    left, top = columns, rows
    while left or right or top or bottom:
        most_rows, most_columns = (size - 1 for size in planes.shape[-2:])
        now = (
            min(left, most_columns),
            min(right, most_columns),
            min(top, most_rows),
            min(bottom, most_rows),
        )
        planes = pad(planes, now, mode="reflect")
        left, right, top, bottom = left - now[0], right - now[1], top - now[2], bottom - now[3]
    return planes
