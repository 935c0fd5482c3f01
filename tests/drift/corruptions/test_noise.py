"""Noise: its distribution, by the published formulas written out and by scipy's."""

import numpy as np
import pytest
from scipy import stats

from raydrift.drift.corruptions import corrupt, draws_of
from raydrift.drift.corruptions.noise import (
    gaussian_noise,
    impulse_noise,
    shot_noise,
    speckle_noise,
)

LEVELS = (0, 5, 100, 250)
SIZE = (150, 200, 3)


def flat(level: int) -> np.ndarray:
    return np.full(SIZE, level, np.uint8)


def corrupted(level: int, name: str, severity: int) -> np.ndarray:
    return corrupt(flat(level), name, severity, draws_of(7, name, severity, level))


def check(found: np.ndarray, published: np.ndarray, step: float = 1) -> None:
    """Both are samples of one distribution: 90,000 values of ours, and of numpy's own draws."""
    wanted = np.rint(np.clip(published, 0, 1) * 255)
    error = 4 * wanted.std() * (2 / wanted.size) ** 0.5 + 0.02
    assert abs(found.mean() - wanted.mean()) < error
    assert found.std() == pytest.approx(wanted.std(), rel=0.02, abs=0.03)
    shares = (0.01, 0.25, 0.75, 0.99)
    assert np.abs(np.quantile(found, shares) - np.quantile(wanted, shares)).max() <= step


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("severity", "sigma"), [(1, 0.04), (3, 0.08), (5, 0.10)])
def test_gaussian_noise(level: int, severity: int, sigma: float) -> None:
    normal = np.random.default_rng(0).normal(scale=sigma, size=SIZE)
    check(corrupted(level, "gaussian_noise", severity), level / 255 + normal)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("severity", "sigma"), [(1, 0.06), (3, 0.12), (5, 0.2)])
def test_speckle_noise(level: int, severity: int, sigma: float) -> None:
    normal = np.random.default_rng(0).normal(scale=sigma, size=SIZE)
    check(corrupted(level, "speckle_noise", severity), level / 255 * (1 + normal))


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("severity", "photons"), [(1, 500), (3, 100), (5, 50)])
def test_shot_noise(level: int, severity: int, photons: int) -> None:
    counts = np.random.default_rng(0).poisson(level / 255 * photons, SIZE)
    check(corrupted(level, "shot_noise", severity), counts / photons, step=255 / photons + 1)


@pytest.mark.parametrize("photons", [500, 50])
def test_counts_are_the_quantiles_of_poissons_distribution(photons: int) -> None:
    """Of every grey level and bits between the smallest and the largest."""

    class Counted:
        """In the place of a generator: these very bits, for all levels."""

        def __init__(self, bits: int) -> None:
            words = np.full(256 * 3 // 4, bits * 0x0001_0001_0001_0001, np.uint64)
            self.bit_generator = type("Bits", (), {"random_raw": staticmethod(lambda _: words)})

    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    for bits in (0, 1, 300, 32767, 32768, 65000, 65535):
        found = shot_noise(ramp, Counted(bits), photons)  # type: ignore[arg-type]
        counts = stats.poisson.ppf((bits + 0.5) / 65536, np.arange(256) / 255 * photons)
        wanted = np.rint(np.clip(counts / photons, 0, 1) * 255)
        np.testing.assert_array_equal(found[0, :, 0], wanted)


@pytest.mark.parametrize(("severity", "amount"), [(1, 0.01), (3, 0.03), (5, 0.07)])
def test_impulse_noise_is_half_salt_and_half_pepper_of_single_values(
    severity: int, amount: float
) -> None:
    found = corrupted(100, "impulse_noise", severity)
    shares = [float((found == level).mean()) for level in (0, 255, 100)]
    error = 4 * (amount / 2 / found.size) ** 0.5
    np.testing.assert_allclose(shares, [amount / 2, amount / 2, 1 - amount], atol=2 * error)
    changed = found != 100
    assert 0 < (changed.any(axis=2) & ~changed.all(axis=2)).mean() < 3.1 * amount


def test_of_nothing_nothing_changes() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    for kernel in (gaussian_noise, speckle_noise, impulse_noise):
        np.testing.assert_array_equal(kernel(picture, np.random.default_rng(1), 0.0), picture)


def test_values_draw_independently() -> None:
    """No value tells anything of its neighbours, in the picture or in the other channels."""
    for name in ("gaussian_noise", "shot_noise", "speckle_noise"):
        found = corrupted(128, name, 3).astype(float) - 128
        for one, other in (
            (found[:, 1:], found[:, :-1]),
            (found[1:], found[:-1]),
            (found[..., 1], found[..., 0]),
        ):
            assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.015
