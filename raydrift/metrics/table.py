"""The metrics by name."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from raydrift.metrics.domain_classifier import domain_classifier_auc
from raydrift.metrics.energy import energy_distance
from raydrift.metrics.frechet import frechet_distance
from raydrift.metrics.gaussian import gaussian_geometric_js, gaussian_kl, gaussian_kl_reverse
from raydrift.metrics.histogram import histogram_js, histogram_kl, histogram_kl_reverse
from raydrift.metrics.kernel_distance import kernel_distance
from raydrift.metrics.kl import kl_softmax
from raydrift.metrics.kolmogorov_smirnov import ks_statistic
from raydrift.metrics.mmd import mmd_squared
from raydrift.metrics.samples import Rows
from raydrift.metrics.wasserstein import sliced_wasserstein


@dataclass(frozen=True)
class Metric:
    """A number that says how far drifted embeddings are from their originals.

    The direction is the same for all: larger is more drift.

    Attributes:
        measure: From the original and the drifted embeddings to the number.
        paired: Whether row i of both must be the same image, before and after.
        symmetric: Whether original and drifted can change places.
        without_drift: The value for equal distributions, which large samples of them come close to.
        least: No value is below it.
        most: No value is above it.
    """

    measure: Callable[[Rows, Rows], float]
    paired: bool = False
    symmetric: bool = True
    without_drift: float = 0.0
    least: float = 0.0
    most: float = math.inf


METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {
        "kl_softmax": Metric(kl_softmax, paired=True, symmetric=False),
        "gaussian_kl": Metric(gaussian_kl, symmetric=False),
        "gaussian_kl_reverse": Metric(gaussian_kl_reverse, symmetric=False),
        "gaussian_geometric_js": Metric(gaussian_geometric_js),
        "histogram_kl": Metric(histogram_kl, symmetric=False),
        "histogram_kl_reverse": Metric(histogram_kl_reverse, symmetric=False),
        "histogram_js": Metric(histogram_js, most=math.log(2)),
        "mmd_squared": Metric(mmd_squared, least=-2.0, most=2.0),
        "kernel_distance": Metric(kernel_distance, least=-math.inf),
        "frechet_distance": Metric(frechet_distance),
        "energy_distance": Metric(energy_distance),
        "sliced_wasserstein": Metric(sliced_wasserstein),
        "ks_statistic": Metric(ks_statistic, most=1.0),
        "domain_classifier_auc": Metric(domain_classifier_auc, without_drift=0.5, most=1.0),
    }
)
"""What a metric is called, on the command line too, and what is known of it."""
