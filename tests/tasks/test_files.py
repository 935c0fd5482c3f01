"""What a model's file is, by its content."""

import io
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from uuid import uuid4
from zipfile import ZipFile

import pytest
import torch

from raydrift.errors import TaskError
from raydrift.paths import StoragePath
from raydrift.settings import TaskSettings
from raydrift.tasks.files import TaskKind, find_task
from tests.tasks.models import SmallNet, save_program, save_script, save_state, save_trace


@pytest.mark.parametrize(
    ("save", "kind"),
    [
        (save_program, TaskKind.PROGRAM),
        (save_script, TaskKind.SCRIPT),
        (save_trace, TaskKind.SCRIPT),
    ],
)
def test_the_kind_is_told_by_the_content_whatever_the_name(
    tmp_path: Path, save: Callable[..., Path], kind: TaskKind
) -> None:
    path = save(SmallNet(), tmp_path / "model.bin")
    file = find_task(TaskSettings(str(path)))
    assert (file.name, file.kind, file.architecture) == (str(path), kind, None)
    assert file.data == path.read_bytes()
    assert file.digest == sha256(file.data).hexdigest()


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_state_dict_comes_with_its_architecture(tmp_path: Path, is_zip: bool) -> None:
    path = tmp_path / "w.pth"
    state = SmallNet().state_dict()
    torch.save(state, path, _use_new_zipfile_serialization=is_zip)
    file = find_task(TaskSettings(f"resnet34:{path}"))
    assert (file.name, file.kind) == (f"resnet34:{path}", TaskKind.STATE)
    assert file.architecture == "resnet34"


def test_a_model_may_lie_behind_fsspec(tmp_path: Path) -> None:
    place = StoragePath.of(f"memory://{uuid4().hex}/model.pt")
    place.write_bytes(save_script(SmallNet(), tmp_path / "m").read_bytes())
    assert find_task(TaskSettings(place.uri)).kind is TaskKind.SCRIPT
    place.delete()


class MakesFolder:
    """Unpickled, it runs code: it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.path),)


def pickled(content: object, **options: bool) -> bytes:
    data = io.BytesIO()
    torch.save(content, data, **options)
    return data.getvalue()


def zipped(*names: str) -> bytes:
    data = io.BytesIO()
    with ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return data.getvalue()


UNKNOWN = (
    "not a model in a known format: give a program of torch.export.save, a TorchScript file, or "
    "resnet18:PATH or resnet34:PATH for a state dict"
)
PICKLE = (
    "a pickle of weights or of a whole module, which is not opened: export the model with "
    "torch.export.save, or give resnet18:PATH or resnet34:PATH for a state dict"
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", UNKNOWN.replace("not a model in a known format", "the file is empty")),
        (b"These bytes are no model at all.", UNKNOWN),
        (zipped("a/b.txt"), UNKNOWN),
        (pickled(SmallNet()), PICKLE),
        (pickled(SmallNet(), _use_new_zipfile_serialization=False), PICKLE),
        (pickled(SmallNet().state_dict()), PICKLE),
        (pickled(SmallNet())[:-1000], "the file is cut off or damaged: copy it again"),
        (
            zipped("version", "serialized_exported_program.json"),
            "a program of torch before 2.8: export it again with torch.export.save",
        ),
        (
            zipped("m/archive_format", "m/data/aotinductor/model/a.so"),
            "an archive without a program, compiled or of other names: "
            "write the model with torch.export.save",
        ),
    ],
    ids=[
        "empty", "text", "another zip", "module", "old module", "state dict", "cut off", "old",
        "compiled",
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused_in_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(content)
    with pytest.raises(TaskError) as caught:
        find_task(TaskSettings(str(path)))
    assert str(caught.value) == f"task {str(path)!r}: {said}"


def test_no_code_of_a_pickle_runs(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(pickled(MakesFolder(tmp_path / "made")))
    with pytest.raises(TaskError, match="which is not opened"):
        find_task(TaskSettings(str(path)))
    assert not (tmp_path / "made").exists()


def test_a_file_with_its_own_network_needs_no_architecture(tmp_path: Path) -> None:
    path = save_script(SmallNet(), tmp_path / "m.pt")
    with pytest.raises(TaskError) as caught:
        find_task(TaskSettings(f"resnet18:{path}"))
    assert str(caught.value) == (
        f"task 'resnet18:{path}': a TorchScript file, which has its network itself: "
        "leave resnet18: out"
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [("/nowhere/m.pt2", "No such file or directory"), ("/tmp", "Is a directory")],
)
def test_a_model_that_is_not_there_is_refused(name: str, reason: str) -> None:
    with pytest.raises(TaskError) as caught:
        find_task(TaskSettings(f"resnet18:{name}"))
    assert str(caught.value) == f"task 'resnet18:{name}': {reason}: give the path of a model"


def test_credentials_in_a_uri_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("raydrift.paths.retries.ATTEMPTS", 1)
    uri = "s3://key:s3cret@no-bucket/m.pt2?endpoint_override=127.0.0.1:9&scheme=http"
    for name in (uri, f"resnet18:{uri}"):
        with pytest.raises(TaskError) as caught:
            find_task(TaskSettings(name))
        assert "s3cret" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_state_dict_file_without_its_network_is_not_guessed(tmp_path: Path) -> None:
    path = save_state(SmallNet(), tmp_path / "resnet18.pth")
    with pytest.raises(TaskError, match="give resnet18:PATH or resnet34:PATH"):
        find_task(TaskSettings(str(path)))
