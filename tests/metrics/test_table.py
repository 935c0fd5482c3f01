"""What is true of all metrics."""

import math
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import raydrift.metrics
from raydrift.metrics import METRICS, domain_classifier_auc, permutation_test
from raydrift.metrics.table import Metric
from tests.metrics.samples import Matrix, features

EACH = pytest.mark.parametrize("name", METRICS)


@EACH
def test_a_metric_is_called_what_its_function_is_called(name: str) -> None:
    assert getattr(raydrift.metrics, name) is METRICS[name].measure
    assert name in raydrift.metrics.__all__


def test_every_function_of_two_samples_to_a_float_is_in_the_table() -> None:
    others = {"METRICS", "KolmogorovSmirnov", "Metric", "PermutationTest"}
    others |= {
        "kl_softmax_pairs",
        "ks_test",
        "mean_interval",
        "other_mean_interval",
        "paired_counts",
    }
    others |= {"permutation_test"}
    assert set(raydrift.metrics.__all__) == {*METRICS, *others}


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        METRICS["mine"] = Metric(domain_classifier_auc)  # type: ignore[index]


@EACH
def test_what_the_table_says_of_a_metric_is_true(name: str) -> None:
    metric, rng = METRICS[name], np.random.default_rng(0)
    x, y = features(rng, 60), 1.3 * features(rng, 60)
    found = metric.measure(x, y)
    assert type(found) is float
    assert metric.without_drift < found <= metric.most
    assert metric.least <= metric.without_drift
    swapped = metric.measure(y, x)
    assert (swapped == pytest.approx(found, rel=1e-3)) is metric.symmetric
    shuffled = metric.measure(x, y[rng.permutation(60)])
    assert (shuffled == pytest.approx(found, rel=0.05)) is not metric.paired


@EACH
def test_large_samples_without_drift_come_close_to_the_value_without_drift(name: str) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 3000, 4))
    metric = METRICS[name]
    found = metric.measure(x, x if metric.paired else y)
    assert found == pytest.approx(metric.without_drift, abs=0.06)


@EACH
def test_equal_calls_give_equal_values(name: str) -> None:
    rng = np.random.default_rng(0)
    pair = features(rng, 50), features(rng, 50)
    state = np.random.get_state()[1].tolist()
    assert METRICS[name].measure(*pair) == METRICS[name].measure(*pair)
    assert np.random.get_state()[1].tolist() == state


@EACH
def test_it_grows_with_the_level_on_photographs_and_their_twins(
    name: str, drifted_photos: dict[float, Matrix]
) -> None:
    found = [METRICS[name].measure(drifted_photos[0.0], more) for more in drifted_photos.values()]
    assert found == sorted(found)
    assert len(set(found)) == len(found)
    # A sample against itself; the unbiased estimate is then below what it estimates.
    none = METRICS[name].without_drift
    assert found[0] <= none + 1e-9
    assert found[0] == pytest.approx(none, abs=max(0.03, 0.25 * found[-1]))


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if not metric.paired])
def test_it_grows_with_the_level_from_one_half_of_photographs_to_the_other(
    name: str, drifted_photos: dict[float, Matrix]
) -> None:
    clean = drifted_photos[0.0][::2]
    found = [METRICS[name].measure(clean, more[1::2]) for more in drifted_photos.values()]
    assert found[0] < found[-2] < found[-1] or found[-1] == METRICS[name].most


def test_a_permutation_test_finds_the_drift_of_photographs_and_nothing_without(
    drifted_photos: dict[float, Matrix],
) -> None:
    clean = drifted_photos[0.0][::2]
    found = [
        permutation_test(METRICS["mmd_squared"].measure, clean, more[1::2])
        for more in drifted_photos.values()
    ]
    assert found[0].p_value > 0.05
    assert found[-1].p_value == 0.001
    assert all(math.isfinite(test.z_score) for test in found)


def test_importing_the_metrics_loads_numpy_alone() -> None:
    code = "import sys, raydrift.metrics; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {"scipy", "sklearn", "torch", "ray", "pandas", "pyarrow", "cv2"}


@EACH
def test_the_number_of_threads_does_not_matter(name: str) -> None:
    rng = np.random.default_rng(0)
    pair = features(rng, 600, 128), 1.1 * features(rng, 600, 128)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append(METRICS[name].measure(*pair))
    assert found[0] == pytest.approx(found[1], rel=1e-6)


@EACH
@pytest.mark.parametrize("scale", [1e-12, 1e37])
def test_no_number_that_a_network_gives_is_too_large_or_too_small(name: str, scale: float) -> None:
    rng = np.random.default_rng(0)
    x, y = features(rng, 30), 1.1 * features(rng, 30)
    found = METRICS[name].measure(scale * x, scale * y)
    assert math.isfinite(found)
    assert found >= METRICS[name].least
