"""Who does what: the plan and the size of shards, as tables."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.engine.plan import (
    EMBEDDERS,
    TRAINERS,
    WORKERS,
    Demand,
    Plan,
    Role,
    choose_shard_size,
    drift_demands,
    least_resources,
    make_plan,
    measure_demands,
    train_demands,
)
from raydrift.engine.session import Resources
from raydrift.errors import ResourcesError
from raydrift.settings import ClusterSettings

MANY = 1000  # shards


def roles(
    workers: int,
    embedders: int,
    on_gpu: bool,
    most_workers: int | None = None,
    most_embedders: int | None = None,
) -> Plan:
    """A plan for drifting images and, with embedders, for embedding them apart."""
    cpus, gpus = (0, 1) if on_gpu else (1, 0)
    others = (Role(EMBEDDERS, embedders, cpus, gpus, most_embedders),) if embedders else ()
    return Plan((Role(WORKERS, workers, most=most_workers), *others))


def planned(
    cluster: ClusterSettings, free: Resources, embed: bool, shards: int, grows: bool = False
) -> Plan:
    return make_plan(drift_demands(cluster, free, embed), free, shards, grows)


def asked(workers: int | None = None, embedders: int | None = None) -> ClusterSettings:
    return ClusterSettings(workers=workers, embedders=embedders)


@pytest.mark.parametrize(
    ("cluster", "cpus", "plan"),
    [
        (asked(), 1, roles(1, 0, False)),
        (asked(), 8, roles(8, 0, False)),
        (asked(workers=3), 8, roles(3, 0, False)),
        (asked(embedders=2), 8, roles(8, 0, False)),
    ],
)
def test_without_embeddings_every_cpu_drifts(
    cluster: ClusterSettings, cpus: int, plan: Plan
) -> None:
    for gpus in (0, 4):
        assert planned(cluster, Resources(cpus, gpus), embed=False, shards=MANY) == plan


@pytest.mark.parametrize(
    ("cluster", "cpus", "plan"),
    [
        (asked(), 8, roles(8, 0, False)),
        (asked(workers=3), 8, roles(3, 0, False)),
        (asked(embedders=0), 8, roles(8, 0, False)),
        (asked(embedders=2), 8, roles(6, 2, False)),
        (asked(embedders=7), 8, roles(1, 7, False)),
        (asked(workers=3, embedders=2), 8, roles(3, 2, False)),
    ],
)
def test_without_gpus_workers_embed_unless_embedders_are_asked_for(
    cluster: ClusterSettings, cpus: int, plan: Plan
) -> None:
    assert planned(cluster, Resources(cpus, 0), embed=True, shards=MANY) == plan


@pytest.mark.parametrize(
    ("cluster", "free", "plan"),
    [
        (asked(), Resources(8, 1), roles(8, 1, True)),
        (asked(), Resources(8, 4), roles(8, 4, True)),
        (asked(embedders=2), Resources(8, 4), roles(8, 2, True)),
        (asked(embedders=0), Resources(8, 4), roles(8, 0, False)),
        (asked(workers=5), Resources(8, 4), roles(5, 4, True)),
    ],
)
def test_with_gpus_embedders_take_them_and_no_cpu(
    cluster: ClusterSettings, free: Resources, plan: Plan
) -> None:
    assert planned(cluster, free, embed=True, shards=MANY) == plan


@pytest.mark.parametrize(
    ("cluster", "free", "plan"),
    [
        (asked(), Resources(8, 0), roles(2, 0, False)),
        (asked(), Resources(8, 4), roles(2, 2, True)),
        (asked(embedders=4), Resources(8, 0), roles(2, 2, False)),
        (asked(embedders=3), Resources(3, 0), roles(1, 2, False)),
    ],
)
def test_two_shards_need_no_more_than_two_of_a_kind(
    cluster: ClusterSettings, free: Resources, plan: Plan
) -> None:
    assert planned(cluster, free, embed=True, shards=2) == plan


@pytest.mark.parametrize(
    ("cluster", "free", "plan"),
    [
        (ClusterSettings(), Resources(8, 0), roles(8, 0, False, 1000, None)),
        (ClusterSettings(), Resources(8, 2), roles(8, 2, True, 1000, 1000)),
        (ClusterSettings(max_workers=20), Resources(8, 0), roles(8, 0, False, 20, None)),
        (ClusterSettings(max_workers=4), Resources(8, 0), roles(4, 0, False, 4, None)),
        (ClusterSettings(max_workers=5000), Resources(8, 0), roles(8, 0, False, 1000, None)),
        (ClusterSettings(max_embedders=3), Resources(8, 4), roles(8, 3, True, 1000, 3)),
        (ClusterSettings(max_embedders=6), Resources(8, 4), roles(8, 4, True, 1000, 6)),
        (asked(workers=3), Resources(8, 2), roles(3, 2, True, None, 1000)),
        (asked(embedders=1), Resources(8, 2), roles(8, 1, True, 1000, None)),
        (asked(embedders=2), Resources(8, 0), roles(6, 2, False, 1000, None)),
    ],
)
def test_on_a_cluster_what_is_not_a_number_may_grow(
    cluster: ClusterSettings, free: Resources, plan: Plan
) -> None:
    assert planned(cluster, free, embed=True, shards=MANY, grows=True) == plan
    fixed = Plan(tuple(replace(role, most=None) for role in plan.roles))
    assert planned(cluster, free, embed=True, shards=MANY) == fixed


def test_no_pool_grows_beyond_the_shards() -> None:
    plan = planned(ClusterSettings(), Resources(8, 1), embed=True, shards=3, grows=True)
    assert plan == roles(3, 1, True, 3, 3)


@pytest.mark.parametrize(
    ("cluster", "free", "least"),
    [
        (ClusterSettings(), Resources(0, 0), Resources(1, 0)),
        (ClusterSettings(min_workers=4), Resources(0, 0), Resources(4, 0)),
        (ClusterSettings(min_workers=4000), Resources(0, 0), Resources(1000, 0)),
        (asked(workers=3), Resources(8, 0), Resources(3, 0)),
        (ClusterSettings(min_embedders=2), Resources(8, 0), Resources(1, 2)),
        (asked(workers=3, embedders=2), Resources(8, 0), Resources(5, 0)),
        (asked(workers=3, embedders=2), Resources(8, 1), Resources(3, 2)),
    ],
)
def test_what_a_run_cannot_begin_without(
    cluster: ClusterSettings, free: Resources, least: Resources
) -> None:
    assert least_resources(drift_demands(cluster, free, True), MANY) == least


def test_more_workers_than_shards_are_not_started_even_if_asked_for() -> None:
    plan = planned(asked(workers=8), Resources(8, 0), embed=False, shards=2)
    assert plan == roles(2, 0, False)


@pytest.mark.parametrize(
    ("plan", "cpus", "gpus"),
    [
        (roles(8, 0, False), 8, 0),
        (roles(6, 2, False), 8, 0),
        (roles(8, 2, True), 8, 2),
    ],
)
def test_what_a_plan_takes(plan: Plan, cpus: int, gpus: int) -> None:
    assert (plan.cpus, plan.gpus) == (cpus, gpus)


@pytest.mark.parametrize(
    ("cluster", "free", "message"),
    [
        (
            asked(workers=9),
            Resources(8, 0),
            "the run needs 9 CPUs, Ray has 8 free: use --workers 8, or connect to a larger cluster",
        ),
        (
            asked(workers=4, embedders=2),
            Resources(4, 0),
            "the run needs 6 CPUs, Ray has 4 free: use --workers 2, or connect to a larger cluster",
        ),
        (
            asked(workers=9),
            Resources(8, 4),
            "the run needs 9 CPUs, Ray has 8 free: use --workers 8, or connect to a larger cluster",
        ),
        (
            asked(),
            Resources(0, 0),
            "the run needs 1 CPU, Ray has 0 free: wait until other jobs end, "
            "or connect to a larger cluster",
        ),
        (
            asked(workers=2),
            Resources(0, 1),
            "the run needs 2 CPUs, Ray has 0 free: wait until other jobs end, "
            "or connect to a larger cluster",
        ),
        (
            ClusterSettings(min_workers=9),
            Resources(8, 0),
            "the run needs 9 CPUs, Ray has 8 free: set cluster.min_workers = 8, "
            "or connect to a larger cluster",
        ),
        (
            ClusterSettings(min_embedders=1),
            Resources(8, 0),
            "embedders need 1 GPU, Ray has 0 free: set cluster.min_embedders = 0, "
            "or connect to a larger cluster",
        ),
        (
            asked(embedders=3),
            Resources(8, 2),
            "embedders need 3 GPUs, Ray has 2 free: set cluster.embedders = 2, "
            "or connect to a larger cluster",
        ),
    ],
)
def test_too_few_cpus_or_gpus_are_told_with_a_remedy(
    cluster: ClusterSettings, free: Resources, message: str
) -> None:
    with pytest.raises(ResourcesError) as caught:
        planned(cluster, free, embed=True, shards=MANY)
    assert str(caught.value) == message


def test_embedders_that_leave_no_cpu_for_a_worker_are_refused() -> None:
    message = re.escape("the run needs 3 CPUs, Ray has 2 free: ")
    with pytest.raises(ResourcesError, match=f"^{message}"):
        planned(asked(embedders=2), Resources(2, 0), embed=True, shards=MANY)


def test_one_missing_shard_needs_one_gpu_of_the_four_that_all_needed() -> None:
    plan = planned(asked(embedders=4), Resources(8, 2), embed=True, shards=1)
    assert plan == roles(workers=1, embedders=1, on_gpu=True)


def test_trainers_on_gpus_and_samplers_on_what_is_left_can_be_planned() -> None:
    trainers = Demand("trainers", 2, cpus=1, gpus=2, setting="training.workers")
    plan = make_plan([Demand("samplers", most=9), trainers], Resources(8, 4), MANY)
    assert plan == Plan((Role("samplers", 6), Role("trainers", 2, 1, 2)))
    assert str(plan) == "6 samplers, 2 trainers"
    with pytest.raises(ResourcesError, match=r"^trainers need 4 GPUs, Ray has 3 free: set train"):
        make_plan([Demand("samplers"), trainers], Resources(8, 3), MANY)


def test_workers_have_gpus_where_a_transform_needs_one() -> None:
    demands = drift_demands(ClusterSettings(), Resources(8, 3), embed=False, gpu_for=["my:Fog"])
    assert make_plan(demands, Resources(8, 3), MANY) == Plan((Role(WORKERS, 3, 1, 1),))
    both = drift_demands(asked(embedders=1), Resources(8, 3), embed=True, gpu_for=["my:Fog"])
    plan = make_plan(both, Resources(8, 3), MANY)
    assert plan == Plan((Role(WORKERS, 2, 1, 1), Role(EMBEDDERS, 1, 0, 1)))
    with pytest.raises(ResourcesError) as caught:
        make_plan(demands, Resources(8, 0), MANY)
    assert str(caught.value) == (
        "workers need 1 GPU for my:Fog, Ray has 0 free: connect to a larger cluster"
    )


@pytest.mark.parametrize(
    ("cluster", "free", "plan"),
    [
        (asked(), Resources(8, 0), Plan((Role(WORKERS, 8),))),
        (asked(), Resources(0, 2), Plan((Role(EMBEDDERS, 2, 0, 1),))),
        (asked(embedders=1), Resources(8, 2), Plan((Role(EMBEDDERS, 1, 0, 1),))),
        (asked(embedders=0), Resources(8, 2), Plan((Role(WORKERS, 8),))),
        (asked(embedders=3), Resources(8, 0), Plan((Role(WORKERS, 8),))),
    ],
)
def test_what_measures_has_one_role_and_takes_gpus_where_there_are_any(
    cluster: ClusterSettings, free: Resources, plan: Plan
) -> None:
    assert make_plan(measure_demands(cluster, free), free, MANY) == plan
    for_fog = measure_demands(cluster, free, ["my:Fog"])
    if free.gpus and cluster.embedders != 0:
        assert make_plan(for_fog, free, MANY) == plan


def test_one_gpu_goes_to_the_worker_whose_transform_needs_it() -> None:
    free = Resources(8, 1)
    plan = make_plan(drift_demands(asked(), free, embed=True, gpu_for=["my:Fog"]), free, MANY)
    assert plan == Plan((Role(WORKERS, 1, 1, 1),))
    demands = drift_demands(asked(embedders=1), free, embed=True, gpu_for=["my:Fog"])
    with pytest.raises(ResourcesError) as caught:
        make_plan(demands, free, MANY)
    assert str(caught.value) == (
        "embedders need 1 GPU, Ray has 0 free beside those of the workers: "
        "set cluster.embedders = 0, or connect to a larger cluster"
    )


def test_two_roles_without_a_number_share_what_is_left_in_their_order() -> None:
    demands = [Demand("samplers", most=3), Demand("readers")]
    assert make_plan(demands, Resources(8, 0), MANY) == Plan(
        (Role("samplers", 3), Role("readers", 5))
    )


COUNTS = st.integers(1, 20) | st.none()


@given(
    cluster=st.builds(ClusterSettings, workers=COUNTS, embedders=COUNTS | st.just(0)),
    free=st.builds(Resources, cpus=st.integers(0, 20), gpus=st.integers(0, 20)),
    embed=st.booleans(),
    shards=st.integers(1, 30),
)
def test_a_plan_fits_what_is_free_and_does_all_the_work(
    cluster: ClusterSettings, free: Resources, embed: bool, shards: int
) -> None:
    try:
        plan = planned(cluster, free, embed, shards)
    except ResourcesError:
        return
    assert plan[WORKERS].processes >= 1
    assert plan.cpus <= free.cpus
    assert plan.gpus <= free.gpus
    assert all(role.processes <= shards for role in plan.roles)
    assert embed or EMBEDDERS not in plan


@given(
    free=st.builds(Resources, cpus=st.integers(1, 20), gpus=st.integers(0, 20)),
    embed=st.booleans(),
    shards=st.integers(1, 30),
)
def test_where_nothing_is_asked_for_one_cpu_is_enough(
    free: Resources, embed: bool, shards: int
) -> None:
    plan = planned(ClusterSettings(), free, embed, shards)
    assert plan[WORKERS].processes == min(free.cpus, shards)


@pytest.mark.parametrize(
    ("wanted", "samples", "workers", "size"),
    [
        (None, 1_000_000, 16, 256),
        (None, 328, 2, 41),
        (None, 328, 0, 82),
        (None, 10, 2, 16),
        (None, 128, 2, 16),
        (None, 129, 2, 17),
        (None, 2048, 2, 256),
        (None, 2049, 2, 256),
        (7, 1_000_000, 16, 7),
        (1024, 10, 2, 1024),
    ],
)
def test_shard_sizes(wanted: int | None, samples: int, workers: int, size: int) -> None:
    assert choose_shard_size(wanted, samples, workers) == size


@given(samples=st.integers(1, 10**8), workers=st.integers(1, 10_000))
def test_every_worker_gets_a_few_shards_unless_they_would_be_tiny(
    samples: int, workers: int
) -> None:
    size = choose_shard_size(None, samples, workers)
    assert 16 <= size <= 256
    if size > 16:
        assert samples / size > 3 * workers


@pytest.mark.parametrize(
    ("cluster", "free", "role"),
    [
        (ClusterSettings(), Resources(8, 0), Role(TRAINERS, 8)),
        (ClusterSettings(workers=3), Resources(8, 0), Role(TRAINERS, 3)),
        (ClusterSettings(), Resources(8, 2), Role(TRAINERS, 2, 0, 1)),
        (ClusterSettings(embedders=1), Resources(8, 2), Role(TRAINERS, 1, 0, 1)),
        (ClusterSettings(embedders=0), Resources(8, 2), Role(TRAINERS, 8)),
    ],
    ids=["a CPU each", "as asked", "fewer GPUs than fits", "one of them", "none of them"],
)
def test_trainers_take_gpus_where_there_are_some(
    cluster: ClusterSettings, free: Resources, role: Role
) -> None:
    plan = make_plan(train_demands(cluster, free), free, 60)
    assert plan == Plan((role,))


def test_trainers_with_too_few_gpus_are_refused_in_one_line() -> None:
    cluster, free = ClusterSettings(min_embedders=4), Resources(8, 2)
    with pytest.raises(ResourcesError) as caught:
        make_plan(train_demands(cluster, free), free, 60)
    assert str(caught.value) == (
        "trainers need 4 GPUs for training, Ray has 2 free: set cluster.min_embedders = 2, or "
        "connect to a larger cluster"
    )
