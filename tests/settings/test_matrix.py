"""What a matrix is asked for, and what it cannot be asked for."""

from typing import Any

import pytest

from raydrift.errors import SettingsError
from raydrift.settings.corruptions import severities
from raydrift.settings.toml import matrix_settings


def test_the_defaults_are_the_published_ones() -> None:
    settings = matrix_settings({"input": "in", "output": "out"})
    assert (len(settings.views), settings.splits, settings.train_size) == (12, 5, 0.8)
    assert (settings.divergence, settings.corruptions) == ("kl_softmax", ())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"views": ["bi,s,me"]}, "views is bi,s,me alone: a matrix compares views: give another"),
        ({"views": ["bi,s,me", "bx"]}, "view is 'bx': 'bx' is not a demosaicer: choose from: "),
        ({"splits": 1}, "splits is 1: give at least 2: of one there is no standard deviation"),
        ({"splits": 2.5}, "splits is 2.5: give a whole number"),
        ({"train_size": 1}, "train_size is 1.0: give a share between 0 and 1, as 0.8"),
        ({"train_size": 0}, "train_size is 0.0: give a share between 0 and 1, as 0.8"),
        ({"train_size": "most"}, "train_size is 'most': give a number"),
        ({"divergence": ""}, "divergence is '': give a metric, or none"),
        ({"corruptions": 6}, "corruptions is 6: give severities from 1 to 5, as 3, "),
        ({"corruptions": "some"}, "corruptions is 'some': give severities from 1 to 5, as 3, "),
        ({"corruptions": [1, "x"]}, "corruptions is [1, 'x']: give severities from 1 to 5, as 3, "),
        ({"corruptions": [1, 3, 1]}, "corruptions is [1, 3, 1]: a severity comes twice: leave "),
        ({"transforms": ["hue:0.5"]}, "transforms: views are of the photographs as they are, and"),
        ({"output": "in/out"}, "output is 'in/out': that is in the input: choose another folder"),
        ({"spilts": 3}, "unknown key spilts: "),
    ],
)
def test_what_cannot_be_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        matrix_settings({"input": "in", "output": "out"} | given)
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("none", ()),
        ([], ()),
        (3, (3,)),
        ("3", (3,)),
        ([5, 1], (1, 5)),
        ("4,2", (2, 4)),
        ("1:5:1", (1, 2, 3, 4, 5)),
        ("1:4:2", (1, 3)),
    ],
)
def test_severities_are_written_in_several_ways(given: Any, wanted: tuple[int, ...]) -> None:
    plain = {"input": "in", "output": "out", "corruptions": given}
    assert matrix_settings(plain).corruptions == wanted


@pytest.mark.parametrize(
    "given",
    [
        "",
        "0",
        "6",
        "1:6:1",
        "1:9999999999:1",
        "3:1:1",
        "1:5",
        "1:5:0",
        "2.5",
        2.5,
        True,
        None,
        [[]],
    ],
)
def test_other_severities_there_are_none(given: Any) -> None:
    with pytest.raises(SettingsError, match=r"^corruptions is .*: give severities from 1 to 5, as"):
        severities(given)


def test_embeddings_are_made_whether_they_are_asked_for_or_not() -> None:
    plain = {"input": "in", "output": "out"}
    asked = matrix_settings(plain | {"embedding": {"compute": True}})
    assert asked == matrix_settings(plain)
