"""Numbers drawn from a range that a level spans."""

import numpy as np


def around_zero(rng: np.random.Generator, most: float) -> float:
    """From -most to +most, each as likely."""
    return float(rng.uniform(-most, most))


def around_one(rng: np.random.Generator, span: float) -> float:
    """A factor from max(0, 1 - span) to 1 + span, each as likely."""
    return float(rng.uniform(max(0.0, 1.0 - span), 1.0 + span))
