"""The wait for CPUs and GPUs, of the two CPUs of the tests' Ray, a cluster by its address."""

import time
from collections.abc import Iterator
from functools import partial

import pytest
import ray

from raydrift.engine.plan import WORKERS, Plan, Role, drift_demands
from raydrift.engine.waiting import Demands, plan_when_free
from raydrift.errors import ResourcesError
from raydrift.settings import ClusterSettings

pytestmark = pytest.mark.usefixtures("ray_session")


def demands(cluster: ClusterSettings, embed: bool) -> Demands:
    return partial(drift_demands, cluster, embed=embed)


@pytest.fixture
def busy() -> Iterator[None]:
    """Another job, which has a CPU for 4 s."""
    while ray.available_resources().get("CPU", 0) < 2:  # of the run before
        time.sleep(0.1)
    task = ray.remote(num_cpus=1)(lambda: time.sleep(4)).remote()
    while ray.available_resources().get("CPU", 0) > 1:
        time.sleep(0.1)
    yield
    ray.get(task)


@pytest.mark.usefixtures("busy")
def test_it_ends_when_another_job_gives_its_cpu_back(capsys: pytest.CaptureFixture[str]) -> None:
    cluster = ClusterSettings("auto", min_workers=2, max_workers=5)
    plan = plan_when_free(cluster, demands(cluster, embed=False), 9)
    assert plan == Plan((Role(WORKERS, 2, most=5),))
    said = "waiting for 2 CPUs on the cluster, which has 1 CPU free: 600 s at most\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    ("cluster", "embed", "message"),
    [
        (
            ClusterSettings("auto", min_workers=3, wait_seconds=0.5),
            False,
            "waited 0.5 s (cluster.wait_seconds): the run needs 3 CPUs, Ray has 2 free: "
            "set cluster.min_workers = 2, or connect to a larger cluster",
        ),
        (
            ClusterSettings("auto", min_embedders=1, wait_seconds=0.5),
            True,
            "waited 0.5 s (cluster.wait_seconds): embedders need 1 GPU, Ray has 0 free: "
            "set cluster.min_embedders = 0, or connect to a larger cluster",
        ),
    ],
)
def test_it_ends_with_an_error_when_its_time_is_over(
    cluster: ClusterSettings, embed: bool, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ResourcesError) as caught:
        plan_when_free(cluster, demands(cluster, embed), 9, quiet=True)
    assert str(caught.value) == message
    assert capsys.readouterr().err == ""


def test_on_this_machine_alone_there_is_none() -> None:
    cluster, begin = ClusterSettings(min_workers=3), time.monotonic()
    with pytest.raises(ResourcesError, match=r"^the run needs 3 CPUs, Ray has 2 free: "):
        plan_when_free(cluster, demands(cluster, embed=False), 9)
    assert time.monotonic() - begin < 5
