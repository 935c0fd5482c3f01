"""Which pictures each step sees: in an epoch every picture once, in an order of its own."""

from hypothesis import given
from hypothesis import strategies as st

from raydrift.tasks.training.order import EpochOrder


@given(count=st.integers(2, 40), size=st.integers(2, 12))
def test_an_epoch_has_every_picture_once_and_no_batch_has_one(count: int, size: int) -> None:
    order = EpochOrder(count, size, seed=5)
    for epoch in range(2):
        steps = range(epoch * len(order), (epoch + 1) * len(order))
        assert {order.epoch(step) for step in steps} == {epoch}
        rows = [order.rows(step) for step in steps]
        assert sorted(one for batch in rows for one in batch) == list(range(count))
        assert min(map(len, rows)) >= 2
        assert all(len(one) == size for one in rows[:-1])
        assert len(rows[-1]) <= size + 1


def test_an_epoch_has_an_order_of_its_own_whichever_step_came_before() -> None:
    one, other = (EpochOrder(20, 4, seed=5) for _ in range(2))
    assert one.rows(0) != one.rows(5)
    assert other.rows(5) == one.rows(5)
    assert EpochOrder(20, 4, seed=6).rows(0) != one.rows(0)
