"""What a search for cameras is asked for, and what it cannot be asked for."""

from typing import Any

import pytest

from raydrift.errors import SettingsError
from raydrift.settings.toml import forensics_settings

PLAIN = {"input": "in", "output": "out", "task": {"model": "m.pt2"}}
EACH = (
    "isp_black_level", "isp_white_balance", "isp_colour_matrix", "isp_gamma", "isp_sharpen",
    "isp_denoise", "isp_demosaic",
)  # fmt: skip


def test_by_default_it_searches_all_parts_together_and_each() -> None:
    settings = forensics_settings(PLAIN)
    assert settings.parts == ("all", *EACH)
    assert settings.levels == tuple(round(0.1 * step, 1) for step in range(1, 11))
    assert settings.members("all") == EACH
    assert [str(info) for info in settings.infos("isp_gamma", 0.3)] == ["isp_gamma:0.3"]


@pytest.mark.parametrize("parts", ["all,isp_gamma", ["all", "isp_gamma"], ["all,isp_gamma"]])
def test_parts_are_a_list_or_have_commas_between(parts: Any) -> None:
    settings = forensics_settings({**PLAIN, "forensics": {"parts": parts}})
    assert settings.parts == ("all", "isp_gamma")


def test_without_demosaicing_it_is_no_part_of_all() -> None:
    settings = forensics_settings({**PLAIN, "raw": {"read": "half"}})
    assert settings.members("all") == EACH[:-1]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"task": None}, "task is missing: whom do cameras harm? give --task PATH, or [task]"),
        ({"task": {"drop": 0.2}}, "task.model is missing: give --task PATH, or model in [task]"),
        ({"levels": "0:1:0.5"}, "levels is 0.0: at level 0 there is one camera alone: give more"),
        ({"levels": "2"}, "levels '2': level 2.0 is not a number from 0"),
        ({"levels": 3}, 'levels is 3: write "0.1:1.0:0.1" or a list, [0.2, 0.4]'),
        ({"transforms": ["hue:1"]}, "transforms: forensics searches cameras for the images as the"),
        ({"camera": {"fixed": {"black": 0.0}}}, "camera.fixed: forensics searches for these: "),
        ({"forensics": 3}, "forensics is 3: write it as a table, [forensics]"),
        ({"levles": "1"}, "unknown key levles: "),
        (
            {"raw": {"read": "half"}, "forensics": {"parts": ["isp_demosaic"]}},
            'isp_demosaic: raw.read = "half" demosaics nothing: leave the transform out',
        ),
    ],
)
def test_what_cannot_be_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        forensics_settings({**PLAIN, **given})
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"parts": "isp_gama"}, "parts: unknown transform 'isp_gama': did you mean 'isp_gamma'?"),
        ({"parts": "hue"}, "parts: hue is not of a camera: give all, or names that begin with isp"),
        ({"parts": "isp_noise"}, "parts: isp_noise is random, another one for each pixel, so "),
        ({"parts": "isp_exposure"}, "parts: isp_exposure is random, another one for each pixel"),
        ({"parts": "isp_bits"}, "parts: isp_bits rounds, which has no slope to climb: measure it"),
        ({"parts": "isp"}, "parts: isp draws noise and light too, which are random: give all, "),
        ({"parts": ["all", "all"]}, "parts: all comes twice: give it once"),
        ({"parts": 3}, 'parts is 3: write a list, ["all", "isp_black_level"]'),
        ({"steps": 0}, "steps is 0: give at least 1"),
        ({"restarts": 1.5}, "restarts is 1.5: give a whole number"),
        ({"batch_size": 0}, "batch_size is 0: give at least 1"),
        ({"step": 0}, "step is 0: give a number above 0, up to 1"),
        ({"penalty": "l1"}, "penalty is 'l1': choose from: none, l2, ssim"),
        ({"penalty_weight": -1}, "penalty_weight is -1: give a number of at least 0"),
        ({"compat": "yes"}, "compat is 'yes': give True or False"),
    ],
)
def test_a_search_that_cannot_be_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        forensics_settings({**PLAIN, "forensics": given})
    assert str(caught.value).startswith(f"forensics.{said}")


def test_an_unknown_key_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^unknown key forensics\.stps: did you mean 'steps'"):
        forensics_settings({**PLAIN, "forensics": {"stps": 3}})
