"""Numbers drawn from a range that a level spans."""

import numpy as np


def around_zero(rng: np.random.Generator, most: float) -> float:
    """From -most to +most, each as likely."""
    return float(rng.uniform(-most, most))
