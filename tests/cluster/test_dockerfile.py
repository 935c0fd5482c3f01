"""The image: a linter has nothing to say, and what it is built from is there."""

import re
import subprocess
import sys
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.cluster.files import DOCKERFILE, ROOT

TEXT = DOCKERFILE.read_text()


def instructions(text: str) -> list[tuple[str, str]]:
    """Each with what follows it, on one line."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.partition(" ")[2]) for line in joined]


def sources(text: str) -> set[str]:
    """Files and folders that are taken from the build's context."""
    found = set()
    for name, arguments in instructions(text):
        if name in {"COPY", "ADD"}:
            *paths, _ = [one for one in arguments.split() if not one.startswith("--")]
            found |= set(paths)
        found |= set(re.findall(r"--mount=\S*?source=([^,\s]+)", arguments))
    return found


def ignored(path: str) -> bool:
    """Whether Docker leaves a file out of the context: the last pattern that fits decides."""
    result = False
    for pattern in Path(f"{DOCKERFILE}.dockerignore").read_text().split():
        wanted = pattern.removeprefix("!").removeprefix("**/")
        parts = path.split("/")
        heads = {"/".join(parts[:end]) for end in range(1, len(parts) + 1)}
        names = heads | (set(parts) if "**/" in pattern else set())
        if any(fnmatch(name, wanted) for name in names):
            result = not pattern.startswith("!")
    return result


def lint(path: Path) -> list[str]:
    hadolint = Path(sys.executable).parent / "hadolint"
    done = subprocess.run(
        [hadolint, "--no-color", path], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_the_linter_has_nothing_to_say() -> None:
    assert lint(DOCKERFILE) == []
    assert "hadolint ignore" not in TEXT


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("ray:2.60.0-py311-${VARIANT}", "ray:latest", "DL3007"),
        ("USER 1000:100", "USER root", "DL3002"),
        ("--no-cache-dir --no-deps --require", "--no-deps --require", "DL3042"),
        ("RUN --mount", "RUNS --mount", "missing whitespace"),
    ],
)
def test_the_linter_finds_what_is_wrong(tmp_path: Path, before: str, after: str, rule: str) -> None:
    wrong = tmp_path / "Dockerfile"
    assert before in TEXT
    wrong.write_text(TEXT.replace(before, after))
    assert any(rule in line for line in lint(wrong))


def test_it_is_built_on_the_image_of_the_ray_that_is_tested_for_cpus_and_gpus() -> None:
    (base,) = [arguments for name, arguments in instructions(TEXT) if name == "FROM"]
    assert base == f"rayproject/ray:{version('ray')}-py311-${{VARIANT}}"
    assert ("ARG", "VARIANT=cpu") in instructions(TEXT)


def test_it_ends_as_nobody_special() -> None:
    users = [arguments for name, arguments in instructions(TEXT) if name == "USER"]
    assert users == ["1000:100"], "a number, which Kubernetes can tell from root's"


def test_what_is_copied_is_there_and_in_the_context() -> None:
    assert sources(TEXT) == {"cluster/requirements.txt", "jobs"}
    for path in sources(TEXT):
        assert (ROOT / path).exists()
        assert not ignored(path)


def test_what_builds_the_project_is_in_the_context_and_nothing_else() -> None:
    needed = ["pyproject.toml", "README.md", "LICENSE", "raydrift/cli/__init__.py"]
    assert not any(ignored(path) for path in needed)
    others = [".git/config", ".venv/bin/python", "tests/conftest.py", "uv.lock", "cluster/aws.yaml"]
    assert all(ignored(path) for path in [*others, "raydrift/__pycache__/seeds.pyc"])
    kept = [
        line[1:] for line in Path(f"{DOCKERFILE}.dockerignore").read_text().split() if "!" in line
    ]
    assert all((ROOT / path).exists() for path in kept)


def test_everything_that_it_installs_is_in_the_file_with_hashes_or_the_project() -> None:
    runs = [arguments for name, arguments in instructions(TEXT) if name == "RUN"]
    installs = [one.strip() for run in runs for one in re.findall(r"pip install ([^&]*)", run)]
    assert installs == [
        "--no-cache-dir --no-deps --require-hashes -r /requirements.txt",
        "--no-cache-dir --no-deps --no-build-isolation /source",
    ]
