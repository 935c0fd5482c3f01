"""The private names of Ray's that raydrift uses are there, and do what they are used for.

Where one of these fails after an upgrade, `engine/ray_private.py` is the one file to mend.
"""

import inspect
import re
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import ray
import ray.data
from ray.data import DataContext
from ray.util.metrics import Counter

from raydrift.engine import ray_private

pytestmark = pytest.mark.usefixtures("ray_session")

CHANGED = f"Ray {ray.__version__} has changed {{}}: see raydrift/engine/ray_private.py"


def dataset(rows: int) -> Any:
    def each(table: pa.Table) -> Any:
        for number in range(table["rows"][0].as_py()):
            yield pa.table({"number": [number]})

    start = ray.data.from_blocks([pa.table({"rows": [rows]})])
    options: dict[str, Any] = {ray_private.OBJECTS_AHEAD: 8}
    return start.map_batches(each, batch_format="pyarrow", batch_size=None, **options)


@pytest.mark.filterwarnings("ignore:`ray_remote_args` is deprecated")
def test_a_dataset_runs_and_is_stopped_half_way() -> None:
    found = []
    with ray_private.executed(dataset(1000)) as tables:
        for table in tables:
            found += table["number"].to_pylist()
            if len(found) >= 3:
                break
    assert found[:3] == [0, 1, 2], CHANGED.format("Dataset._execute_to_iterator()")


def test_a_rule_of_ours_is_asked_before_a_stage_takes_a_block() -> None:
    asked, done, room = list[int](), list[int](), list[float]()

    class NotAtOnce(ray_private.StageRule):
        def may_begin(self, stage: int) -> bool:
            if stage == -1:
                asked.append(self.begun(-1))
                done.append(self.done(-1))
                room.append(self.store_bytes())
            return len(asked) > 3

    context = DataContext.get_current().copy()
    ray_private.add_rule(context, NotAtOnce)
    with DataContext.current(context):
        rows = ray.data.from_blocks([pa.table({"number": [n]}) for n in range(2)])
        same = rows.map_batches(lambda table: table, batch_format="pyarrow")
        with ray_private.executed(same) as tables:
            found = [number for table in tables for number in table["number"].to_pylist()]
    assert sorted(found) == [0, 1]
    assert asked[0] == done[0] == 0, CHANGED.format("BackpressurePolicy.can_add_input()")
    assert max(asked) in (1, 2), CHANGED.format("the metrics of a stage")
    assert set(done) <= {0, 1, 2}, CHANGED.format("the metrics of a stage")
    assert min(room) >= 0, CHANGED.format("ResourceManager.get_global_limits()")


def test_a_counter_takes_a_zero() -> None:
    counter = Counter("raydrift_test_total", "Of a test.", ("run",))
    with pytest.raises(ValueError, match="value must be >0"):
        counter.inc(0, {"run": "a"})
    ray_private.count(counter, 0, {"run": "a"})
    assert list(inspect.signature(counter._record).parameters) == ["value", "tags"], CHANGED.format(
        "Metric._record()"
    )


def test_the_session_was_started_here() -> None:
    assert ray_private.is_on_found_cluster() is False, CHANGED.format("worker._global_node")


def test_the_address_of_a_cluster_on_this_machine_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    begin = time.monotonic()
    found = ray_private.address_left_here()
    assert re.fullmatch(r"[\d.]+:\d+", found), CHANGED.format(
        "services.get_ray_address_from_environment()"
    )
    assert time.monotonic() - begin < 20


def test_no_other_file_has_a_private_name_of_rays() -> None:
    """``_generator_backpressure_num_objects`` is a private option, ``ray._private`` a module."""
    home = inspect.getsourcefile(ray_private) or ""
    folder = home.removesuffix("engine/ray_private.py")
    private = (
        "ray._", "ray.data._", "_execute_to_", "._record(", "_generator_back", "._internal",
        "_resource_manager", ".metrics.num_",
    )  # fmt: skip
    found = [
        (path.name, word)
        for path in Path(folder).rglob("*.py")
        for word in private
        if str(path) != home and word in path.read_text()
    ]
    assert found == []
