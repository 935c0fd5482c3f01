"""Folders and files wherever they are: on this machine, in a bucket, behind fsspec."""

from raydrift.place.place import Place, Sink
from raydrift.place.retries import may_pass
from raydrift.place.secrecy import redacted

__all__ = ["Place", "Sink", "may_pass", "redacted"]
