"""Public drift detectors as users of the output: they fire where the provenance says drift began.

ADWIN and KSWIN (river) watch one number a sample, the length of its embedding; the kernel MMD test
(torchdrift) compares whole embeddings, a batch at a time, with those of the first samples.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
import torchdrift
from river.drift import ADWIN, KSWIN

from raydrift import ImageDatasetGenerator
from raydrift.settings import ClusterSettings

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("ray_session")]

LEVEL = 0.7
REFERENCE = 64
BATCH = 32
IN_A_ROW = 20
SOON = 50  # samples that KSWIN compares with those before them


@dataclass(frozen=True)
class Stream:
    """What a monitor gets, and what the provenance tells of it."""

    embeddings: np.ndarray
    drifted: np.ndarray

    @property
    def begins(self) -> int:
        return int(np.flatnonzero(self.drifted)[0])

    @property
    def is_there(self) -> int:
        """From where every one of some samples in a row is drifted."""
        rows = np.lib.stride_tricks.sliding_window_view(self.drifted, IN_A_ROW)
        return int(np.flatnonzero(rows.all(axis=1))[0])


def written(photos: Path, weights: Path, output: Path, plan: Callable[[Any], object]) -> Stream:
    generator = ImageDatasetGenerator(
        seed=42,
        input_path=photos,
        compute_embeddings=True,
        weights=weights,
        cluster=ClusterSettings(workers=2),
        progress=False,
    )
    plan(generator)
    with pytest.warns(UserWarning, match="colour profile that was not applied"):
        found = generator.sample(output).embeddings
    assert found is not None
    drifted = pq.read_table(output / "provenance.parquet")["drifted"].to_numpy()
    return Stream(np.array(found["embedding"].to_pylist()), drifted)


PLANS: dict[str, Callable[[ImageDatasetGenerator], object]] = {
    "clean": lambda _: None,
    "abrupt": lambda generator: generator.add_abrupt_drift(drift_level=LEVEL, start=164),
    "gradual": lambda generator: generator.add_gradual_drift(
        drift_level=LEVEL, start=120, width=60
    ),
    "recurring": lambda generator: generator.add_recurring_drift(
        drift_level=LEVEL, start=80, period=120
    ),
}


@pytest.fixture(scope="module")
def streams(
    ray_session: None,
    photos: Path,
    trained_weights: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Stream]:
    assert ray_session is None
    folder = tmp_path_factory.mktemp("streams")
    return {
        name: written(photos, trained_weights, folder / name, plan) for name, plan in PLANS.items()
    }


DETECTORS: dict[str, Callable[[], Any]] = {
    "ADWIN": lambda: ADWIN(delta=0.01, clock=1, min_window_length=5, grace_period=10),
    "KSWIN": lambda: KSWIN(alpha=0.001, window_size=100, stat_size=50, seed=1),
}


def alarms(stream: Stream, detector: Any) -> list[int]:
    """The samples at which a detector fires."""
    found = []
    for sample, embedding in enumerate(stream.embeddings):
        detector.update(float(np.linalg.norm(embedding)))
        if detector.drift_detected:
            found.append(sample)
    return found


@pytest.mark.parametrize("detector", DETECTORS)
def test_on_a_stream_without_drift_none_fires(streams: dict[str, Stream], detector: str) -> None:
    assert not streams["clean"].drifted.any()
    assert alarms(streams["clean"], DETECTORS[detector]()) == []


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("name", ["abrupt", "gradual", "recurring"])
def test_the_first_alarm_is_soon_after_drift_began(
    streams: dict[str, Stream], name: str, detector: str
) -> None:
    stream = streams[name]
    first = alarms(stream, DETECTORS[detector]())[0]
    assert stream.begins <= first <= stream.is_there + SOON


def test_the_provenance_says_where_each_stream_is_drifted(streams: dict[str, Stream]) -> None:
    assert streams["abrupt"].begins == 164
    assert streams["abrupt"].drifted[164:].all()
    assert 120 < streams["gradual"].begins < 140
    assert streams["gradual"].drifted[180:].all()
    on = (np.arange(328) >= 80) & ((np.arange(328) - 80) % 120 < 60)
    assert np.array_equal(streams["recurring"].drifted, on)


@pytest.mark.parametrize("name", PLANS)
def test_the_mmd_test_tells_drifted_batches_from_clean_ones(
    streams: dict[str, Stream], name: str
) -> None:
    """Batches that are half drifted and more are seen, those without drift are not."""
    stream = streams[name]
    torch.manual_seed(1)
    embeddings = torch.tensor(stream.embeddings, dtype=torch.float32)
    test = torchdrift.detectors.KernelMMDDriftDetector(n_perm=400)
    test.fit(embeddings[:REFERENCE])
    seen = []
    for start in range(REFERENCE, len(embeddings) - BATCH + 1, BATCH):
        p = float(test.compute_p_value(embeddings[start : start + BATCH]))
        share = stream.drifted[start : start + BATCH].mean()
        if share >= 0.5:
            assert p <= 0.01, (start, share)
        if share == 0:
            assert p > 0.05, start
        seen.append(share)
    assert len(seen) == 8
