"""Names in the output folder and in the zip."""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from raydrift.errors import SettingsError
from raydrift.storage.layout import (
    check_class_folders,
    class_folder,
    is_shard_file,
    ledger_name,
    member_name,
    new_attempt,
    shard_name,
)

CLASS_NAMES = st.text(min_size=1)


@given(st.text())
@example("100%25 wool")
@example("a+b c")
@example("\x00\x1f\x7f\x85\u2028")
@example("école\u0301/日本語\\𝕏")
def test_a_class_folder_is_reversed_by_unquote(class_name: str) -> None:
    assert unquote(class_folder(class_name), errors="strict") == class_name


@given(CLASS_NAMES)
@example("..")
@example(".")
@example("...")
@example(" .")
@example("C:\\Windows")
@example("/etc/passwd")
@example("a/../../b")
def test_a_member_is_one_file_in_one_folder_on_posix_and_on_windows(class_name: str) -> None:
    folder = class_folder(class_name)
    member = f"{folder}/00000007.png"
    assert member_name(7, class_name) == member
    assert PurePosixPath(member).parts == (folder, "00000007.png")
    assert PureWindowsPath(member).parts == (folder, "00000007.png")
    assert folder not in (".", "..")


@given(CLASS_NAMES)
@example('<>:"/\\|?*%\t\n\x7f\u200b\ufeff')
def test_a_class_folder_has_no_sign_that_a_filesystem_forbids(class_name: str) -> None:
    folder = class_folder(class_name)
    assert not set(folder) & set('<>:"/\\|?*')
    assert not any(
        unicodedata.category(sign).startswith(("C", "Z")) for sign in folder if sign != " "
    )
    assert folder[0] not in ". "
    assert folder[-1] not in ". "


@pytest.mark.parametrize(
    ("class_name", "folder"),
    [
        ("golden retriever", "golden retriever"),
        ("Zürich", "Zürich"),
        ("кошка", "кошка"),
        ("猫", "猫"),
        ("v1.0", "v1.0"),
        ("a..b", "a..b"),
        ("50% off", "50%25 off"),
        ("cat/dog", "cat%2Fdog"),
        ("cat\\dog", "cat%5Cdog"),
        ("what?", "what%3F"),
        (".hidden", "%2Ehidden"),
        ("trailing.", "trailing%2E"),
        (" padded ", "%20padded%20"),
        ("..", "%2E%2E"),
        ("../etc", "%2E.%2Fetc"),
        ("tab\there", "tab%09here"),
        ("🐈", "%F0%9F%90%88"),
        ("CON", "%43ON"),
        ("nul.tar.gz", "%6Eul.tar.gz"),
        ("Com1", "%43om1"),
        ("LPT³", "%4CPT³"),
        ("aux .txt", "%61ux .txt"),
        ("conin$", "%63onin$"),
        ("console", "console"),
        ("COM", "COM"),
        ("COM10", "COM10"),
        ("my.con", "my.con"),
    ],
)
def test_folders_of_some_classes(class_name: str, folder: str) -> None:
    assert class_folder(class_name) == folder


DEVICES = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"]
DEVICES += [port + number for port in ("COM", "LPT") for number in "123456789¹²³"]


@given(
    st.sampled_from(DEVICES),
    st.lists(st.booleans(), min_size=7, max_size=7),
    st.just("") | st.text(" ", max_size=2) | st.from_regex(r" ?\.\w*", fullmatch=True),
)
def test_no_class_folder_is_a_device_to_windows(
    device: str, capitals: list[bool], suffix: str
) -> None:
    letters = zip(device, capitals, strict=False)
    class_name = "".join(one if large else one.lower() for one, large in letters) + suffix
    folder = class_folder(class_name)
    assert folder.upper().partition(".")[0].rstrip() not in DEVICES
    assert unquote(folder) == class_name


def test_a_class_may_have_a_folder_of_255_bytes() -> None:
    check_class_folders(["cat", "x" * 255, "ね" * 85, "%" * 85])


@pytest.mark.parametrize(
    ("class_name", "size"), [("x" * 256, 256), ("ね" * 85 + "x", 256), ("%" * 86, 258)]
)
def test_a_class_whose_folder_could_not_be_unpacked_is_refused(class_name: str, size: int) -> None:
    with pytest.raises(SettingsError) as caught:
        check_class_folders(["cat", class_name])
    assert str(caught.value) == (
        f"the class {class_name!r} would have a folder of {size} bytes in the zip, more than 255: "
        "give it a shorter name, or leave --organize-by-class out"
    )


def test_a_flat_member_is_its_sample_id_in_eight_digits() -> None:
    assert member_name(7, None) == "00000007.png"
    assert member_name(123_456_789, None) == "123456789.png"


def test_a_class_without_a_name_gives_no_absolute_path() -> None:
    assert not member_name(7, "").startswith("/")


def test_a_shard_and_its_ledger_entry_differ_in_their_ending_alone() -> None:
    assert shard_name(12, "0123abcd") == "part-00000012-0123abcd.parquet"
    assert ledger_name(12, "0123abcd") == "part-00000012-0123abcd.json"
    assert is_shard_file(shard_name(10**9, new_attempt()))
