"""Folders and files wherever they are: on this machine, in a bucket, behind fsspec."""

from raydrift.paths.aside import unfinished_of
from raydrift.paths.file_range import FileRange
from raydrift.paths.parts import FilePart, PartFile, PartResult, PartWriter
from raydrift.paths.retries import may_pass, retrying
from raydrift.paths.s3_errors import CredentialsError
from raydrift.paths.secrecy import redacted
from raydrift.paths.sinks import Buffer, Sink
from raydrift.paths.storage_path import StoragePath
from raydrift.paths.sync import Sync

__all__ = [
    "Buffer",
    "CredentialsError",
    "FilePart",
    "FileRange",
    "PartFile",
    "PartResult",
    "PartWriter",
    "Sink",
    "StoragePath",
    "Sync",
    "may_pass",
    "redacted",
    "retrying",
    "unfinished_of",
]
