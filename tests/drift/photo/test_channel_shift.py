import numpy as np

from raydrift.drift.photo.channel_shift import ChannelShift


def test_one_number_is_added_to_all_channels_within_0_to_255() -> None:
    image = np.array([[[0, 100, 250]]], np.uint8)
    assert ChannelShift().apply(image, levels=9.6).tolist() == [[[10, 110, 255]]]
    assert ChannelShift().apply(image, levels=-9.6).tolist() == [[[0, 90, 240]]]


def test_it_goes_both_ways_as_far_as_the_level_says() -> None:
    found = [
        ChannelShift(levels=60.0).draw(0.5, np.random.default_rng(seed))["levels"]
        for seed in range(200)
    ]
    assert -30 <= min(found) < -25
    assert 25 < max(found) <= 30
