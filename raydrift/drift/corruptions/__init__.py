"""Corruptions of finished pictures: the published baseline that cameras are held against."""

from raydrift.drift.corruptions.catalogue import CORRUPTIONS, corrupt, corrupted, draws_of

__all__ = ["CORRUPTIONS", "corrupt", "corrupted", "draws_of"]
