"""Pillow's pixels, decoded in a child process."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from raydrift.errors import ImageError
from raydrift.images.as_pillow import decode
from raydrift.images.isolated_pillow import IsolatedPillow, PillowRules


@pytest.mark.parametrize(
    "rules",
    [
        PillowRules(),
        PillowRules("rgba", (24, 32), "lanczos", keep_aspect_ratio=True),
        PillowRules("grayscale", (24, 32), "bilinear"),
    ],
    ids=["plain", "rgba", "grey"],
)
def test_the_child_gives_the_same_pixels_and_refuses_the_same(
    scenes: Path, rules: PillowRules
) -> None:
    decoder = IsolatedPillow(rules)
    array = BytesIO()
    np.save(array, np.arange(24.0).reshape(2, 3, 4))
    photos = [file.read_bytes() for file in sorted(scenes.glob("*/*.jpg"))[:3]]
    try:
        for data in (*photos, array.getvalue()):
            found, expected = decoder.pixels(data), decode(data, **vars(rules))
            np.testing.assert_array_equal(found, expected, strict=True)
        for data in (b"", b"no image", photos[0][:300]):
            with pytest.raises(ImageError) as here:
                decode(data, **vars(rules))
            with pytest.raises(ImageError) as there:
                decoder.pixels(data)
            assert str(there.value) == str(here.value)
    finally:
        decoder.close()
