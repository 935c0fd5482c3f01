"""How many processes make the batches of a flow."""

from typing import Any

import numpy as np
import pytest

from raydrift.flows import ImageDataGenerator
from raydrift.flows.options import FlowOptions


@pytest.mark.parametrize(
    ("workers", "samples", "processes"),
    [
        (None, 2000, 0),
        (None, 2001, 1.0),
        (0, 10**6, 0),
        (0.0, 10**6, 0),
        (1, 10, 1),
        (1.0, 10, 1),
        (3.0, 10, 3),
        (0.5, 10, 0.5),
    ],
)
def test_a_float_is_a_share_of_the_cpus(workers: Any, samples: int, processes: Any) -> None:
    found = FlowOptions(workers=workers).processes(samples)
    assert (found, type(found)) == (processes, type(processes))


def test_arrays_are_made_in_this_process_if_nothing_is_said() -> None:
    x = np.zeros((3000, 1, 1, 1))
    assert ImageDataGenerator().flow(x)._processes() == 0
    assert ImageDataGenerator(workers=2).flow(x)._processes() == 2
