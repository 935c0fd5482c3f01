"""What the metrics are called where people read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_BIASED: Final = "Above 0 in small batches even without drift: compare levels with one another."


@dataclass(frozen=True)
class MetricText:
    """How a metric is written.

    Attributes:
        title: Its name.
        axis: What an axis of its values is called, with the unit.
        note: How its values are to be read.
    """

    title: str
    axis: str
    note: str


METRIC_TEXTS: Final[Mapping[str, MetricText]] = MappingProxyType(
    {
        "kl_softmax": MetricText(
            "KL divergence (softmax)",
            "KL divergence, nats",
            "KL( softmax of the drifted embedding ‖ softmax of the original ), the mean over the "
            "images of a batch. 0 without drift.",
        ),
        "gaussian_kl": MetricText(
            "Gaussian KL, drifted ‖ original",
            "Gaussian KL, nats",
            "KL divergence between Gaussian fits. " + _BIASED,
        ),
        "gaussian_kl_reverse": MetricText(
            "Gaussian KL, original ‖ drifted",
            "Gaussian KL reversed, nats",
            "KL divergence between Gaussian fits, the other way round. " + _BIASED,
        ),
        "gaussian_geometric_js": MetricText(
            "Gaussian Jensen-Shannon (geometric)",
            "Gaussian JS, nats",
            "Geometric Jensen-Shannon divergence between Gaussian fits. " + _BIASED,
        ),
        "histogram_kl": MetricText(
            "Histogram KL, drifted ‖ original",
            "histogram KL, nats",
            "KL divergence between histograms, the mean over the dimensions. " + _BIASED,
        ),
        "histogram_kl_reverse": MetricText(
            "Histogram KL, original ‖ drifted",
            "histogram KL reversed, nats",
            "KL divergence between histograms, the other way round. " + _BIASED,
        ),
        "histogram_js": MetricText(
            "Histogram Jensen-Shannon",
            "histogram JS, nats",
            "Jensen-Shannon divergence between histograms, at most ln 2 = 0.693. " + _BIASED,
        ),
        "mmd_squared": MetricText(
            "MMD squared",
            "squared MMD",
            "Squared maximum mean discrepancy with a Gaussian kernel, unbiased: about 0 without "
            "drift, and below it for an image set against itself.",
        ),
        "kernel_distance": MetricText(
            "Kernel distance",
            "squared MMD, cubic kernel",
            "The formula of the kernel inception distance, on ResNet18's embeddings, unbiased: "
            "about 0 without drift, and below it for an image set against itself.",
        ),
        "frechet_distance": MetricText(
            "Fréchet distance",
            "Fréchet distance, squared embedding units",
            "The formula of the Fréchet inception distance, on ResNet18's embeddings. " + _BIASED,
        ),
        "energy_distance": MetricText(
            "Energy distance",
            "energy distance, √ embedding units",
            "From the distances between single images. " + _BIASED,
        ),
        "sliced_wasserstein": MetricText(
            "Sliced Wasserstein distance",
            "Wasserstein distance, embedding units",
            "Mean over random directions. " + _BIASED,
        ),
        "ks_statistic": MetricText(
            "Kolmogorov-Smirnov statistic",
            "KS statistic, 0 to 1",
            "The largest of all dimensions. " + _BIASED,
        ),
        "domain_classifier_auc": MetricText(
            "Domain classifier AUC",
            "area under the ROC curve",
            "How well a linear classifier tells drifted images from originals that it has not "
            "seen: 0.5 is chance, 1 always.",
        ),
    }
)
"""By the names of ``raydrift.metrics.METRICS``."""
