"""Images as they are and drifted, kept as pixels."""

import numpy as np
import pytest

from raydrift.engine.data.kept_drifts import check_labels
from raydrift.errors import ImageError
from raydrift.images.pixels import Sample

IMAGE = np.zeros((2, 3, 3), np.uint8)


def test_a_mask_whose_labels_do_not_fit_is_rejected() -> None:
    check_labels(Sample(IMAGE))
    check_labels(Sample(IMAGE, mask=np.full((2, 3), 255, np.uint16)))
    with pytest.raises(ImageError) as caught:
        check_labels(Sample(IMAGE, mask=np.full((2, 3), 256, np.uint16)))
    assert caught.value.stage == "mask"
    assert caught.value.reason == "its mask has the label 256: give labels of at most 255"
