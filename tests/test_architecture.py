"""The rules of the house: what may import what, and what a newcomer finds."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import raydrift

PACKAGE = Path(raydrift.__file__).parent

# From the top floor down; a room may use its own floor and those below.
FLOORS = (
    "cli __main__",
    "bench",
    "generator timeline view_sets generated_sets model_runs modelarts flows",
    "dataset exports",
    "engine",
    "tracking",
    "report",
    "storage",
    "calibrate",
    "metrics embed tasks gan",
    "drift camera augment",
    "catalog",
    "images",
    "settings",
    "schedules",
    "transforms",
    "console log",
    "paths",
    "errors seeds schemas checked text cpus warned",
)
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def floor(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms.split())


def imports(path: Path) -> set[str]:
    """Every module that a file imports anywhere, but for type checking alone."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down_only(path: Path) -> None:
    if path == PACKAGE / "__init__.py":
        return
    for name in imports(path):
        if name.startswith("raydrift."):
            assert floor(name.split(".")[1]) >= floor(room(path)), name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_ray_torch_and_mlflow_have_one_home_each(path: Path) -> None:
    roots = {name.split(".")[0] for name in imports(path)}
    if room(path) != "engine":
        assert "ray" not in roots
    if room(path) != "tracking":
        assert "mlflow" not in roots
    if not may_use_torch(path):
        assert not {"torch", "torchvision"} & roots


def may_use_torch(path: Path) -> bool:
    """Networks, their tasks and trainings, the camera's differentiable twin, batches as tensors."""
    inside = path.relative_to(PACKAGE).as_posix()
    rooms = ("embed/", "tasks/", "gan/", "camera/differentiable", "flows/torch_")
    return inside.startswith((*rooms, "engine/training/"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_stay_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def loaded(statement: str) -> set[str]:
    """The packages, Python's own aside, that a statement loads in a process of its own."""
    code = (
        f"import sys\nbefore = set(sys.modules)\n{statement}\n"
        "names = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print('', *(names - sys.stdlib_module_names - {'raydrift'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_importing_the_package_loads_no_other() -> None:
    assert loaded("import raydrift") == set()


@pytest.mark.parametrize("asked", ["--help", "--version"])
def test_help_and_version_load_only_what_prints_them(asked: str) -> None:
    printing = {"annotated_doc", "attr", "markdown_it", "mdurl", "pygments", "rich"}
    printing |= {"shellingham", "typer"}
    assert loaded(f"from raydrift.cli import run; run(['{asked}'])") <= printing


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("from raydrift import ImageDatasetGenerator", {"ray", "torch"}),
        ("import raydrift.bench.embedder", {"ray", "torch"}),
        ("import raydrift.camera, raydrift.drift.camera.twin", {"ray", "torch"}),
        (
            "from raydrift.cli import run; run(['generate', '--help'])",
            {"ray", "torch", "numpy", "pyarrow", "cv2"},
        ),
        (
            "from raydrift.cli import run; run(['views', '--help'])",
            {"ray", "torch", "numpy", "pyarrow", "cv2"},
        ),
        (
            "from raydrift.cli import run; run(['flow', '--help'])",
            {"ray", "torch", "numpy", "pyarrow", "cv2"},
        ),
        (
            "from raydrift.cli import run; run(['matrix', '--help'])",
            {"ray", "torch", "numpy", "pyarrow", "cv2"},
        ),
        (
            "from raydrift.cli import run; run(['translate', '--help'])",
            {"ray", "torch", "numpy", "pyarrow", "cv2"},
        ),
        (
            "from raydrift.cli import run; run(['synthesize', '--help'])",
            {"ray", "torch", "numpy", "pyarrow", "cv2"},
        ),
        ("from raydrift import synthesize, translate", {"ray", "torch"}),
        (
            "from raydrift.cli import run; run(['forensics', '--help'])",
            {"ray", "torch", "numpy", "pyarrow", "cv2"},
        ),
        (
            "from raydrift.flows import ImageDataGenerator, ParallelImageDataGenerator, functional",
            {"ray", "torch", "keras", "pandas", "pydantic"},
        ),
        ("from raydrift.flows import Augment, Flow", {"ray", "torch", "keras", "pandas"}),
        ("import raydrift.engine.forensics", {"torch"}),
        ("import raydrift.engine.translate, raydrift.engine.synthesize", {"torch"}),
        ("import raydrift.engine.generate", {"torch", "scipy", "fsspec", "botocore"}),
        ("import raydrift.engine.data.stages", {"torch", "scipy", "fsspec", "botocore", "rich"}),
    ],
)
def test_nothing_is_loaded_before_it_is_needed(statement: str, absent: set[str]) -> None:
    """The last case is what a worker that only drifts imports."""
    assert not absent & loaded(statement)


def test_the_public_names_are_those_that_are_listed() -> None:
    assert sorted(raydrift.__all__) == dir(raydrift)
    for name in raydrift.__all__:
        found = getattr(raydrift, name)
        if isinstance(found, type):
            assert found.__name__ == name
    assert raydrift.__version__ == version("raydrift")
    assert raydrift.open.__name__ == "open_dataset"
    with pytest.raises(AttributeError, match="module 'raydrift' has no attribute 'nothing'"):
        raydrift.nothing  # noqa: B018


def test_all_that_public_signatures_name_is_public() -> None:
    """A user who writes down the type of an argument finds it in the package itself."""
    ours: set[type] = set()
    for name in (
        "ImageDatasetGenerator",
        "DriftedDataset",
        "CalibrationProfile",
        "drift_image",
        "drift_sample",
        "views",
    ):
        public = getattr(raydrift, name)
        methods = [public] if callable(public) and not isinstance(public, type) else []
        if isinstance(public, type):
            methods = [
                method
                for called, method in vars(public).items()
                if callable(method) and (called == "__init__" or not called.startswith("_"))
            ]
        for method in methods:
            ours |= set(named_types(method))
    wanted = {kind.__name__ for kind in ours if kind.__module__.startswith("raydrift")}
    assert wanted - PRIVATE <= set(raydrift.__all__)


PRIVATE = {"GenerateSettings", "StoragePath", "CurvePoint", "MeasuredSample", "MeasuringNetwork"}
"""Of what users neither make nor pass on."""


def named_types(method: Any) -> Iterator[type]:
    """The classes in a signature, also inside unions and containers."""
    try:
        hints = list(get_type_hints(method).values())
    except NameError:  # a library's type that is imported for type checking alone
        return
    while hints:
        hint = hints.pop()
        hints += get_args(hint)
        if isinstance(hint, type):
            yield hint


def test_the_package_says_that_it_is_typed() -> None:
    assert (PACKAGE / "py.typed").is_file()
