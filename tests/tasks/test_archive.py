"""Nothing in a program runs, or is unpickled, but torch's own operators."""

import json
import os
import pickle
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import torch

from raydrift.errors import TaskError
from raydrift.settings import TaskSettings
from raydrift.tasks.archive import check_archive
from raydrift.tasks.files import find_task
from raydrift.tasks.model import TaskModel
from tests.tasks.models import SmallNet, save_program
from tests.tasks.test_files import MakesFolder


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return save_program(SmallNet(), tmp_path_factory.mktemp("m") / "m.pt2").read_bytes()


def changed(data: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """The archive with some of its members' content changed."""
    out = BytesIO()
    with ZipFile(BytesIO(data)) as archive, ZipFile(out, "w") as other:
        for name in archive.namelist():
            inner = name.partition("/")[2]
            other.writestr(name, change(inner, archive.read(name)))
    return out.getvalue()


def in_model(change: Callable[[dict[str, Any]], None]) -> Callable[[str, bytes], bytes]:
    """Changes the program's JSON."""

    def changing(name: str, content: bytes) -> bytes:
        if not name.startswith("models/"):
            return content
        plain = json.loads(content)
        change(plain)
        return json.dumps(plain).encode()

    return changing


def calling(target: str) -> Callable[[str, bytes], bytes]:
    def change(plain: dict[str, Any]) -> None:
        plain["graph_module"]["graph"]["nodes"][0]["target"] = target

    return in_model(change)


def sized(text: str) -> Callable[[str, bytes], bytes]:
    def change(plain: dict[str, Any]) -> None:
        value = plain["graph_module"]["graph"]["tensor_values"]["images"]
        value["sizes"][0]["as_expr"]["expr_str"] = text

    return in_model(change)


def inputs(name: str, content: bytes) -> bytes:
    if not name.startswith("data/sample_inputs"):
        return content
    data = BytesIO()
    torch.save(MakesFolder(Path("made")), data)
    return data.getvalue()


def pickled_weight(name: str, content: bytes) -> bytes:
    if name != "data/weights/model_weights_config.json":
        return content
    plain = json.loads(content)
    next(iter(plain["config"].values()))["use_pickle"] = True
    return json.dumps(plain).encode()


def opaque_constant(name: str, content: bytes) -> bytes:
    if name != "data/constants/model_constants_config.json":
        return content
    payload = {"path_name": "opaque_obj_0", "use_pickle": False}
    return json.dumps({"config": {"thing": payload}}).encode()


def test_a_program_is_let_through(program: bytes) -> None:
    check_archive(program)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (inputs, "data/sample_inputs/model.pt holds more than tensors"),
        (pickled_weight, "convolution.weight is pickled: export the model without it"),
        (opaque_constant, "thing is pickled: export the model without it"),
        (calling("torch.os.system"), "it calls 'torch.os.system', which is no operator of torch"),
        (calling("_operator.call"), "it calls '_operator.call', which is no operator of torch"),
        (calling("#a:b"), "it calls '#a:b', which is no operator of torch"),
        (
            sized("__import__('os').mkdir('made')"),
            "the size \"__import__('os').mkdir('made')\" is no arithmetic",
        ),
        (sized("exec(chr(97))"), "the size 'exec(chr(97))' is no arithmetic"),
        (sized("[x for x in (1,)][0]"), "the size '[x for x in (1,)][0]' is no arithmetic"),
        (sized("s0 +"), "the size 's0 +' is no arithmetic"),
    ],
    ids=[
        "inputs", "weight", "constant", "system", "call", "extension", "import", "exec",
        "comprehension", "syntax",
    ],
)  # fmt: skip
def test_what_would_run_or_be_unpickled_is_refused(
    program: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[str, bytes], bytes],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.pt2").write_bytes(changed(program, change))
    settings = TaskSettings("m.pt2")
    with pytest.raises(TaskError) as caught:
        TaskModel(find_task(settings), settings, "cpu")
    assert str(caught.value) == (
        f"task 'm.pt2': torch {torch.__version__.partition('+')[0]} cannot load it ({said}): "
        "export it again, with this version"
    )
    assert os.listdir(tmp_path) == ["m.pt2"]


def test_the_code_of_these_tests_would_run_if_it_were_let(
    program: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickle.dumps(MakesFolder(tmp_path / "made")))
    assert (tmp_path / "made").is_dir()
    (tmp_path / "made").rmdir()
    text = sized("__import__('os').mkdir('made')")
    with suppress(Exception):  # what comes of it is no size
        torch.export.load(BytesIO(changed(program, text)))
    assert (tmp_path / "made").is_dir()


@pytest.mark.parametrize("name", ["models/model.json", "data/weights/weight_0"])
def test_a_damaged_program_is_refused_in_one_line(
    program: bytes, tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    content = changed(program, lambda inner, data: b"{" if inner == name else data)
    (tmp_path / "m.pt2").write_bytes(content)
    settings = TaskSettings(str(tmp_path / "m.pt2"))
    with pytest.raises(TaskError) as caught:
        TaskModel(find_task(settings), settings, "cpu")
    assert "cannot load it (" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""
