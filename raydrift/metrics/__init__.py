"""How far drifted embeddings are from their originals."""

from raydrift.metrics.kl import kl_softmax

__all__ = ["kl_softmax"]
