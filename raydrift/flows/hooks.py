"""Functions of the user's that see each image, and are given what their arguments name."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from raydrift.augment.batches import BatchMaker, BatchTask
from raydrift.flows.user_functions import returned


@dataclass(frozen=True, eq=False)
class InBatch:
    """Which image it is.

    Attributes:
        task: Its batch.
        samples: int64 of shape (n,): what is in each place of the batch.
        place: Its own.
    """

    task: BatchTask
    samples: npt.NDArray[np.int64]
    place: int


@dataclass(frozen=True, eq=False)
class Hooks:
    """The functions of a flow.

    A function is ``f(params, x, ...)``, and is given by name, where it has arguments of these
    names: ``batch_index``, ``class_id``, ``filename``, ``batch_class_ids``, ``batch_filenames``.

    Attributes:
        params: What both are given first.
        before: Is given each image before it is augmented, as it was decoded.
        after: Is given each augmented image, before it is standardized.
        classes: The class of each sample of the flow, as its iterator has it; None: not known.
        filenames: The file of each; None: there are none.
    """

    params: Any
    before: Callable[..., Any] | None = None
    after: Callable[..., Any] | None = None
    classes: Any = None
    filenames: Any = None

    def call(self, function: Callable[..., Any], x: Any, where: InBatch) -> Any:
        """What a function makes of an image.

        Raises:
            TypeError: It returned None.
        """
        wanted = _named(function)
        told = {name: found for name, found in self._told(where).items() if name in wanted}
        prefix = "noaug_" if function is self.before else ""
        return returned(function(self.params, x, **told), f"{prefix}preprocessing_function")

    def _told(self, where: InBatch) -> Mapping[str, Any]:
        classes = picked(self.classes, where.samples)
        filenames = picked(self.filenames, where.samples)
        return {
            "batch_index": where.task.place,
            "class_id": None if classes is None else classes[where.place],
            "filename": None if filenames is None else filenames[where.place],
            "batch_class_ids": classes,
            "batch_filenames": filenames,
        }


def hooks_of(flow: Any) -> Hooks | None:
    """The functions that a flow's generator has; None: none, as of Keras' generator."""
    found = getattr(flow.image_data_generator, "hooks", None)
    hooks: Hooks | None = None if found is None else found(flow)
    return hooks


def own_maker_of(flow: Any) -> BatchMaker | None:
    """What makes batches in place of everything else, if a flow's generator has it."""
    found = getattr(flow.image_data_generator, "own_maker", None)
    maker: BatchMaker | None = None if found is None else found(flow)
    return maker


def picked(given: Any, samples: npt.NDArray[np.int64]) -> Any:
    """What is given for each sample of a flow, of some of them."""
    if given is None:
        return None
    if isinstance(given, np.ndarray):
        return given[samples]
    return [given[sample] for sample in samples]


def _named(function: Callable[..., Any]) -> frozenset[str]:
    told = inspect.getfullargspec(function)
    names = {"batch_index", "class_id", "filename", "batch_class_ids", "batch_filenames"}
    if told.varkw:
        return frozenset(names)
    return frozenset([*told.args, *told.kwonlyargs]) & names
