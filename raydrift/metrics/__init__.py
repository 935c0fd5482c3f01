"""How far drifted embeddings are from their originals: divergences, distances, two-sample tests.

Each metric takes embeddings of the originals, float of shape (n, d), and of the drifted images, of
shape (m, d), and gives a float that grows with drift. `METRICS` has them by name.
"""

from raydrift.metrics.bootstrap import mean_interval, other_mean_interval, paired_counts
from raydrift.metrics.domain_classifier import domain_classifier_auc
from raydrift.metrics.energy import energy_distance
from raydrift.metrics.frechet import frechet_distance
from raydrift.metrics.gaussian import gaussian_geometric_js, gaussian_kl, gaussian_kl_reverse
from raydrift.metrics.histogram import histogram_js, histogram_kl, histogram_kl_reverse
from raydrift.metrics.kernel_distance import kernel_distance
from raydrift.metrics.kl import kl_softmax, kl_softmax_pairs
from raydrift.metrics.kolmogorov_smirnov import KolmogorovSmirnov, ks_statistic, ks_test
from raydrift.metrics.mmd import mmd_squared
from raydrift.metrics.permutation import PermutationTest, permutation_test
from raydrift.metrics.table import METRICS, Metric
from raydrift.metrics.wasserstein import sliced_wasserstein

__all__ = [
    "METRICS",
    "KolmogorovSmirnov",
    "Metric",
    "PermutationTest",
    "domain_classifier_auc",
    "energy_distance",
    "frechet_distance",
    "gaussian_geometric_js",
    "gaussian_kl",
    "gaussian_kl_reverse",
    "histogram_js",
    "histogram_kl",
    "histogram_kl_reverse",
    "kernel_distance",
    "kl_softmax",
    "kl_softmax_pairs",
    "ks_statistic",
    "ks_test",
    "mean_interval",
    "mmd_squared",
    "other_mean_interval",
    "paired_counts",
    "permutation_test",
    "sliced_wasserstein",
]
