"""Folders and files wherever they are: on this machine, in a bucket, behind fsspec."""

from raydrift.place.pieces import Buffer, Piece, PieceFile, PieceWriter, Receipt, Sink
from raydrift.place.place import Place
from raydrift.place.retries import may_pass, retrying
from raydrift.place.secrecy import redacted

__all__ = [
    "Buffer",
    "Piece",
    "PieceFile",
    "PieceWriter",
    "Place",
    "Receipt",
    "Sink",
    "may_pass",
    "redacted",
    "retrying",
]
