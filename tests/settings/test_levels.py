"""Levels as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift.errors import SettingsError
from raydrift.settings.levels import parse_levels


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("0.1:1.0:0.1", (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)),
        ("0:1:0.25", (0.0, 0.25, 0.5, 0.75, 1.0)),
        ("0.2:0.9:0.3", (0.2, 0.5, 0.8)),
        ("0.5:0.5:0.1", (0.5,)),
        ("0.4", (0.4,)),
        ("0.8, 0.2", (0.2, 0.8)),
    ],
)
def test_a_range_with_both_ends_or_a_list(text: str, levels: tuple[float, ...]) -> None:
    assert parse_levels(text) == levels


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "write FIRST:LAST:STEP or a list, 0.2,0.4,0.8"),
        ("a,b", "write FIRST:LAST:STEP or a list, 0.2,0.4,0.8"),
        ("0.1:0.9", "write FIRST:LAST:STEP or a list, 0.2,0.4,0.8"),
        ("0.1,", "write FIRST:LAST:STEP or a list, 0.2,0.4,0.8"),
        ("0.9:0.1:0.1", "write FIRST:LAST:STEP as 0.1:1.0:0.1"),
        ("0:1:0", "write FIRST:LAST:STEP as 0.1:1.0:0.1"),
        ("0:nan:0.1", "write FIRST:LAST:STEP as 0.1:1.0:0.1"),
        ("0:1:1e-300", "are more than 1000: give a larger step"),
        ("0.5,0.5", "one comes twice: write each once"),
        ("0.5,1.5", "level 1.5 is not a number from 0 (none) to 1 (most)"),
        ("inf", "level inf is not a number from 0 (none) to 1 (most)"),
    ],
)
def test_what_cannot_be_says_what_to_write(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        parse_levels(text)
    assert str(error.value).startswith(f"levels {text!r}")
    assert str(error.value).endswith(said)


@given(st.integers(1, 900), st.integers(1, 1000), st.integers(1, 1000))
def test_thousandths_come_out_as_they_are_written(first: int, last: int, step: int) -> None:
    first, last = sorted((first, last))
    wanted = tuple(number / 1000 for number in range(first, last + 1, step))
    assert parse_levels(f"{first / 1000}:{last / 1000}:{step / 1000}") == wanted
