import pickle
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raydrift import errors
from raydrift.errors import CatalogError, ImageError, RaydriftError, reason, suggest

TREE = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
}


def test_every_error_is_a_raydrift_error() -> None:
    assert all(issubclass(kind, RaydriftError) for kind in TREE.values())


def test_bad_parameters_and_bad_inputs_are_value_errors_too() -> None:
    value_errors = {name for name, kind in TREE.items() if issubclass(kind, ValueError)}
    assert value_errors == {"SettingsError", "CatalogError"}


def test_the_docstring_draws_the_whole_tree() -> None:
    assert set(re.findall(r"\w+Error", errors.__doc__ or "")) == {*TREE, "ValueError"}


@pytest.mark.parametrize("kind", [kind for name, kind in TREE.items() if name != "ImageError"])
def test_errors_cross_process_borders_with_their_message(kind: type[RaydriftError]) -> None:
    copy = pickle.loads(pickle.dumps(kind("images: 3 are missing")))
    assert type(copy) is kind
    assert str(copy) == "images: 3 are missing"


def test_an_image_error_crosses_process_borders_with_its_stage_and_reason() -> None:
    copy = pickle.loads(pickle.dumps(ImageError("decode", "the file is empty")))
    assert type(copy) is ImageError
    assert (copy.stage, copy.reason) == ("decode", "the file is empty")


def test_an_image_error_reads_as_one_line_like_the_others() -> None:
    assert str(ImageError("decode", "the file is empty")) == "decode: the file is empty"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            FileNotFoundError(2, "No such file or directory", "/a/1.jpg"),
            "No such file or directory",
        ),
        (OSError("the bucket\n  is gone"), "OSError: the bucket is gone"),
        (ValueError("too many"), "ValueError: too many"),
        (CatalogError("input a is not there"), "input a is not there"),
        (KeyError(), "KeyError:"),
    ],
)
def test_the_reason_of_any_error_is_one_line(error: Exception, said: str) -> None:
    assert reason(error) == said


@pytest.mark.parametrize("word", ["rotat", "Rotate", "ROTATE", "roate", "rotates"])
def test_suggest_names_the_close_choice(word: str) -> None:
    assert suggest(word, ["hue", "rotate", "contrast"]) == "did you mean 'rotate'?"


def test_suggest_names_all_choices_where_none_is_close() -> None:
    assert suggest("swirl", ["rotate", "hue"]) == "choose from: rotate, hue"


def test_suggest_takes_choices_that_can_be_read_only_once() -> None:
    def once() -> Iterator[str]:
        yield from ("skip", "fail")

    assert suggest("stop", once()) == "choose from: skip, fail"


@given(st.lists(st.text("abcdefgh_", min_size=1), min_size=1, unique=True), st.data())
def test_suggest_finds_a_choice_that_is_written_right(
    choices: list[str], data: st.DataObject
) -> None:
    word = data.draw(st.sampled_from(choices))
    assert suggest(word, choices) == f"did you mean {word!r}?"
