"""Ranges of sample values: for the kinds of samples that have one to set, and no others."""

import pytest

from raydrift.errors import SettingsError
from raydrift.images.value_range import is_deep
from raydrift.settings.ranges import checked_range


@pytest.mark.parametrize("kind", ["uint9", "uint12", "uint64", "int1", "int8", "float16"])
def test_kinds_that_have_a_range(kind: str) -> None:
    assert is_deep(kind)
    assert checked_range({kind: [0, 1]}) == {kind: (0, 1)}


@pytest.mark.parametrize("kind", ["uint1", "uint8", "uint65", "float8", "int", "ushort", 16])
def test_other_kinds_are_refused_by_name(kind: object) -> None:
    told = f"image.value_range has {kind!r}: name kinds of samples that a range is for, uint9 to"
    with pytest.raises(SettingsError, match=told):
        checked_range({kind: [0, 1]})
