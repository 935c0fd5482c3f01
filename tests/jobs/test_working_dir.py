"""What ``ray job submit --working-dir .`` uploads: the code and the settings, and no more."""

import shutil
from pathlib import Path
from zipfile import ZipFile

import pytest

import raydrift.engine  # noqa: F401  (sets what has to be set before Ray is imported)

from ray._private.runtime_env.packaging import create_package  # isort: skip
from ray._private.runtime_env.working_dir import upload_working_dir_if_needed  # isort: skip

ROOT = Path(__file__).parents[2]
LEFT_BEHIND = (
    ".venv/lib/python3.12/site-packages/torch/lib/libtorch_cpu.so",
    ".git/objects/pack/pack-0a.pack",
    ".mypy_cache/3.12/cache.db",
    "raydrift/cli/__pycache__/bench.cpython-312.pyc",
    "raydrift-demo/photos/cat/0001.jpg",
    "photos/cat/0001.jpg",
    "out/_shards/part-00000000.parquet",
    "out/run.json",
    "measured/report.html",
    "resnet18.pt",
    "uv.lock",
)
TAKEN_ALONG = ("mine.toml", "jobs/mine.toml")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository, as it looks after some work in it."""
    tree = tmp_path_factory.mktemp("work") / "raydrift"
    for room in ("raydrift", "jobs", "tests"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / room, tree / room, ignore=ignored)
    for name in (".gitignore", ".rayignore", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    for name in (*LEFT_BEHIND, *TAKEN_ALONG):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(bytes(2**20 if name in LEFT_BEHIND else 20))
    return tree


def uploaded(tree: Path, archive: Path, include_gitignore: bool = True) -> set[str]:
    """The files that Ray's client would send, in the archive that it would make of them."""

    def upload(folder: str, excludes: list[str] | None, is_file: bool = False) -> None:
        assert not is_file
        create_package(folder, archive, include_gitignore=include_gitignore, excludes=excludes)

    upload_working_dir_if_needed({"working_dir": str(tree)}, include_gitignore, upload_fn=upload)
    with ZipFile(archive) as file:
        return set(file.namelist())


def in_rooms(*rooms: str) -> set[str]:
    """The files of some folders of this repository, but for what Python compiled."""
    files = (path for room in rooms for path in (ROOT / room).rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}


@pytest.mark.parametrize("include_gitignore", [True, False])
def test_it_is_less_than_four_mebibytes_and_all_that_a_job_needs(
    tree: Path, tmp_path: Path, include_gitignore: bool
) -> None:
    """Whether Ray heeds .gitignore is a matter of ``RAY_RUNTIME_ENV_IGNORE_GITIGNORE``."""
    archive = tmp_path / "package.zip"
    found = uploaded(tree, archive, include_gitignore)
    assert found == {
        *in_rooms("raydrift", "jobs"),
        *TAKEN_ALONG,
        "pyproject.toml",  # with what it names, so that `uv run` in a job can build the project
        "README.md",
        "LICENSE",
    }
    assert "raydrift/report/templates/evaluation.html.j2" in found
    assert archive.stat().st_size < 4 * 2**20


def test_without_our_rayignore_it_would_be_more(tree: Path, tmp_path: Path) -> None:
    """So that the test above tests it."""
    rules = tree / ".rayignore"
    text = rules.read_text()
    rules.unlink()
    try:
        assert "photos/cat/0001.jpg" in uploaded(tree, tmp_path / "package.zip")
    finally:
        rules.write_text(text)
