"""The Kullback-Leibler divergence between paired embeddings."""

import numpy as np
import numpy.typing as npt


def kl_softmax(original: npt.ArrayLike, drifted: npt.ArrayLike) -> float:
    """Mean over the pairs of KL(softmax(drifted) ‖ softmax(original)), in nats.

    Each embedding is read as the logits of a distribution over its dimensions. Not symmetric; 0
    for equal embeddings, and larger the more of the drifted image's softmax mass lies where the
    original has little. Computed as log-softmax throughout, so large logits do not overflow.

    Args:
        original: Embeddings of the images as they were, shape (n, d).
        drifted: Embeddings of their drifted copies, in the same order, shape (n, d).

    Returns:
        The divergence, at least 0.

    Raises:
        ValueError: The shapes differ, are not (n, d), or n is 0; or a value is not finite.

    >>> kl_softmax([[0.0, 0.0]], [[0.0, 0.0]])
    0.0
    """
    return float(kl_softmax_pairs(original, drifted).mean())


def kl_softmax_pairs(original: npt.ArrayLike, drifted: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """KL(softmax(drifted) ‖ softmax(original)) of each pair, in nats; their mean is ``kl_softmax``.

    Args:
        original: Embeddings of the images as they were, shape (n, d).
        drifted: Embeddings of their drifted copies, in the same order, shape (n, d).

    Returns:
        float64 of shape (n,), at least 0.

    Raises:
        ValueError: As for ``kl_softmax``.

    >>> kl_softmax_pairs([[0.0, 0.0], [9.0, 0.0]], [[0.0, 0.0], [0.0, 9.0]]).round(3)
    array([0.   , 8.998])
    """
    before = np.asarray(original, np.float64)
    after = np.asarray(drifted, np.float64)
    if before.shape != after.shape or before.ndim != 2 or not len(before):
        raise ValueError(
            f"embeddings have the shapes {before.shape} and {after.shape}: give two equal (n, d)"
        )
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise ValueError("embeddings hold values that are not finite: check the images' network")
    log_p, log_q = _log_softmax(after), _log_softmax(before)
    divergences: npt.NDArray[np.float64] = (np.exp(log_p) * (log_p - log_q)).sum(axis=1)
    return np.maximum(0.0, divergences)


def _log_softmax(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # type: ignore[no-any-return]
