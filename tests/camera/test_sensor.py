import numpy as np
import pytest

from raydrift.camera import SensorNoise, noisy, quantised

BLACK = (0.0625,) * 4


def test_noise_has_the_variance_of_its_signal() -> None:
    normals = np.random.default_rng(0).standard_normal((200, 200)).astype(np.float32)
    raw = np.full((200, 200), 0.0625 + 0.5, np.float32)
    added = noisy(raw, SensorNoise(shot=0.01, read=0.004), normals, BLACK) - raw
    assert added.std() == pytest.approx(np.sqrt(0.5 * 0.01 + 0.004) * normals.std(), rel=1e-5)


def test_below_black_there_is_read_noise_alone() -> None:
    raw = np.zeros((4, 4), np.float32)
    added = noisy(raw, SensorNoise(shot=0.01, read=0.04), np.ones_like(raw), BLACK)
    assert added == pytest.approx(0.2, abs=1e-7)


def test_less_light_is_more_noise() -> None:
    full, dim = (SensorNoise.of_electrons(5000, read=3, light=light) for light in (1.0, 0.01))
    assert (full.shot, full.read) == pytest.approx((2e-4, 3.6e-7))
    assert (dim.shot, dim.read) == pytest.approx((2e-2, 3.6e-3))


def test_bits_are_steps_of_the_full_scale() -> None:
    raw = np.array([[0, 0.1, 0.4, 0.6, 1, -0.2]], np.float32)
    assert quantised(raw, 1).tolist() == [[0, 0, 0, 1, 1, 0]]
    assert np.abs(quantised(raw, 12.5) - raw).max() <= 0.5 / (2**12.5 - 1) + 1e-7
    assert raw[0, 1] == np.float32(0.1)
