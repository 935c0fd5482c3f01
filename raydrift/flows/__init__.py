"""Augmented batches for training: Keras' generators, and a face for those who begin today.

The names below are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raydrift.flows import functional
    from raydrift.flows.arrays import NumpyArrayIterator
    from raydrift.flows.dataframe import DataFrameIterator
    from raydrift.flows.directory import DirectoryIterator
    from raydrift.flows.files import BatchFromFilesMixin
    from raydrift.flows.flow import Flow
    from raydrift.flows.flow_batch import FlowBatch
    from raydrift.flows.generator import ImageDataGenerator
    from raydrift.flows.iterator import Iterator
    from raydrift.flows.parallel import ParallelImageDataGenerator
    from raydrift.flows.parallel_directory import ParallelDirectoryIterator
    from raydrift.flows.part import FlowPart
    from raydrift.flows.process_params import ParallelProcessParams
    from raydrift.settings.augment import Augment

__all__ = [
    "Augment",
    "BatchFromFilesMixin",
    "DataFrameIterator",
    "DirectoryIterator",
    "Flow",
    "FlowBatch",
    "FlowPart",
    "ImageDataGenerator",
    "Iterator",
    "NumpyArrayIterator",
    "ParallelDirectoryIterator",
    "ParallelImageDataGenerator",
    "ParallelProcessParams",
    "functional",
]

_HOMES = {
    "Augment": "raydrift.settings.augment",
    "BatchFromFilesMixin": "raydrift.flows.files",
    "DataFrameIterator": "raydrift.flows.dataframe",
    "DirectoryIterator": "raydrift.flows.directory",
    "Flow": "raydrift.flows.flow",
    "FlowBatch": "raydrift.flows.flow_batch",
    "FlowPart": "raydrift.flows.part",
    "ImageDataGenerator": "raydrift.flows.generator",
    "Iterator": "raydrift.flows.iterator",
    "NumpyArrayIterator": "raydrift.flows.arrays",
    "ParallelDirectoryIterator": "raydrift.flows.parallel_directory",
    "ParallelImageDataGenerator": "raydrift.flows.parallel",
    "ParallelProcessParams": "raydrift.flows.process_params",
}


def __getattr__(name: str) -> Any:
    if name == "functional":
        return import_module("raydrift.flows.functional")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'raydrift.flows' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
