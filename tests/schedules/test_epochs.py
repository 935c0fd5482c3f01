"""The order of each epoch."""

import pytest

from raydrift.flows.order import Order
from raydrift.schedules.epochs import epoch_order


def test_it_is_that_of_a_flow() -> None:
    for epoch in range(3):
        order = Order(50, 8, seed=9).permutation(epoch, number=0)
        assert order.tolist() == epoch_order(9, 50, epoch).tolist()


@pytest.mark.parametrize("other", [{"seed": 2}, {"epoch": 1}, {"time": 1}])
def test_it_is_a_permutation_that_depends_on_each_argument(other: dict[str, int]) -> None:
    asked = {"seed": 1, "samples": 50, "epoch": 0, "time": 0}
    one, another = epoch_order(**asked).tolist(), epoch_order(**(asked | other)).tolist()
    assert sorted(one) == sorted(another) == list(range(50))
    assert one != another
