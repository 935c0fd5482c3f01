"""Folders and files wherever they are: on this machine, in a bucket, behind fsspec."""

from raydrift.place.aside import unfinished_of
from raydrift.place.pieces import Piece, PieceFile, PieceWriter, Receipt
from raydrift.place.place import Place
from raydrift.place.retries import may_pass, retrying
from raydrift.place.s3_errors import CredentialsError
from raydrift.place.secrecy import redacted
from raydrift.place.sinks import Buffer, Sink
from raydrift.place.sync import Sync

__all__ = [
    "Buffer",
    "CredentialsError",
    "Piece",
    "PieceFile",
    "PieceWriter",
    "Place",
    "Receipt",
    "Sink",
    "Sync",
    "may_pass",
    "redacted",
    "retrying",
    "unfinished_of",
]
