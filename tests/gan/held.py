"""Images in memory, as trainings take them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from raydrift.gan.trainer import Pixels


@dataclass(frozen=True)
class Held:
    """Images in memory, as ``Pictures``."""

    pixels: Pixels

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, indices: npt.NDArray[np.int64]) -> Pixels:
        return self.pixels[indices]
