"""What the image installs: all that the project needs, and what makes pixels as the tests do."""

import re
import shlex
import subprocess
import tomllib
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from raydrift.storage.record import RAW_PACKAGES, RESULT_PACKAGES
from tests.cluster.files import REQUIREMENTS, ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINUX = {
    "sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64",
    "python_version": "3.11", "python_full_version": "3.11.11", "os_name": "posix",
    "implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": "",
}  # fmt: skip
"""Where the image runs."""


def entries(text: str) -> list[str]:
    """The requirements, each with its hashes on one line."""
    lines = [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def pins(text: str, where: Mapping[str, str] = LINUX) -> dict[str, str]:
    """Name to version, of what is installed."""
    found = {}
    for entry in entries(text):
        requirement = Requirement(entry.split("--hash")[0].strip())
        if requirement.marker is None or requirement.marker.evaluate(dict(where)):
            (exactly,) = requirement.specifier
            assert exactly.operator == "==", entry
            found[canonicalize_name(requirement.name)] = exactly.version
    return found


def missing(text: str, wanted: list[str]) -> list[str]:
    """The requirements that no pin meets."""
    pinned = pins(text)
    return [
        one
        for one in wanted
        if (requirement := Requirement(one)).marker is None or requirement.marker.evaluate(LINUX)
        if not requirement.specifier.contains(pinned.get(canonicalize_name(requirement.name), "0"))
    ]


def here(name: str) -> str | None:
    """The version that is installed; None: it is not."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


TEXT = REQUIREMENTS.read_text()
PINNED = {
    canonicalize_name(one.name): str(one.specifier).removeprefix("==")
    for one in map(Requirement, PROJECT["tool"]["uv"]["constraint-dependencies"])
}
WANTED = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["cluster"]


def test_it_has_all_that_the_project_needs_in_versions_that_it_allows() -> None:
    assert missing(TEXT, WANTED) == []


def test_what_is_missing_or_too_old_is_found() -> None:
    older = TEXT.replace(f"ray=={pins(TEXT)['ray']} ", "ray==2.40.0 ")
    without = re.sub(r"(?m)^pillow==.*\\\n(    --hash.*\n)+", "", TEXT)
    assert [one.split(">")[0] for one in missing(older, WANTED)] == ["ray[client,data]"]
    assert [one.split(">")[0] for one in missing(without, WANTED)] == ["pillow"]


def test_it_has_the_pinned_versions_of_what_makes_pixels_and_numbers() -> None:
    pinned = pins(TEXT)
    assert {name: pinned[name] for name in PINNED} == PINNED


def test_all_that_the_bytes_of_a_run_come_from_is_pinned() -> None:
    made_by = {
        canonicalize_name(name) for name in (*RESULT_PACKAGES, *RAW_PACKAGES) if name != "raydrift"
    }
    assert made_by | {"pyarrow", "scipy", "scikit-learn"} == set(PINNED)


def test_the_tests_run_with_the_pinned_versions() -> None:
    """Nothing else is compared with what happens to be installed here."""
    assert {name: version(name) for name in PINNED} == PINNED


def test_it_has_what_those_need_in_turn() -> None:
    """As it is installed without looking for more; of packages that are here in that version."""
    pinned = pins(TEXT)
    extras = {"ray": ["", "client", "data", "default"]}
    same = [name for name in pinned if here(name) == pinned[name]]
    assert set(PINNED) <= set(same)
    for name in same:
        for one in requires(name) or []:
            requirement = Requirement(one)
            if any(
                requirement.marker is None or requirement.marker.evaluate(LINUX | {"extra": extra})
                for extra in extras.get(name, [""])
            ):
                there = pinned.get(canonicalize_name(requirement.name))
                assert there is not None, f"{name} needs {one}"
                assert requirement.specifier.contains(there, prereleases=True), f"{name}: {one}"


def test_every_entry_has_hashes_and_none_a_host() -> None:
    for entry in entries(TEXT):
        hashes = re.findall(r"--hash=(\S+)", entry)
        assert hashes, entry
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", one) for one in hashes), entry
    assert not re.search(r"://|@|--(extra-)?index|--find-links|^-", TEXT, re.MULTILINE)


def command() -> list[str]:
    """The command in the head of the file."""
    head = re.match(r"# This file was autogenerated by uv .*:\n# +(uv .*)\n", TEXT)
    assert head is not None
    return shlex.split(head[1])


def test_the_command_in_its_head_exports_it_for_the_image() -> None:
    assert command() == shlex.split(
        "uv export --no-dev --group cluster --extra raw --no-emit-project"
        " --output-file cluster/requirements.txt"
    )


@pytest.mark.network
def test_the_command_in_its_head_repeats_it(tmp_path: Path) -> None:
    repeated = tmp_path / "requirements.txt"
    subprocess.run([*command()[:-1], str(repeated)], cwd=ROOT, capture_output=True, check=True)
    assert entries(repeated.read_text()) == entries(TEXT)
