"""Batches that a function of the user's makes by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from raydrift.augment.batches import Batch, BatchTask
from raydrift.flows.hooks import picked
from raydrift.flows.user_functions import ended

_BATCH: Final = "batch"


@dataclass(frozen=True, eq=False)
class GivenBatches:
    """Makes batches by a function in mltk's form.

    Attributes:
        function: ``f(batch_index, filenames, classes, params)`` returns (batch_index, batch).
        params: What it is given last.
        classes: The class of each sample of the flow; None: not known.
        filenames: The file of each; None: there are none.
    """

    function: Callable[..., Any]
    params: Any
    classes: Any
    filenames: Any

    def make(self, task: BatchTask) -> Batch:
        """Makes a batch; it has no arrays, see ``given_batch``.

        Raises:
            RuntimeError: The function raised ``StopIteration``.
        """
        samples = task.samples
        filenames, classes = picked(self.filenames, samples), picked(self.classes, samples)
        try:
            _, made = self.function(task.place, filenames, classes, self.params)
        except StopIteration as error:
            raise ended(error) from error
        return Batch(task, (), samples.copy(), ({_BATCH: made},))


def given_batch(batch: Batch) -> Any:
    """What the function returned for a batch."""
    return batch.drawn[0][_BATCH]
