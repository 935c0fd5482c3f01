"""An experiment that asks the user's model too, on a real Ray, looked at from outside."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score

import raydrift
from raydrift import schemas
from raydrift.engine.evaluate import evaluate
from raydrift.engine.generate import generate
from raydrift.errors import OutputError, TaskError
from raydrift.images.codec import decode
from raydrift.report.evaluation import Evaluation
from raydrift.settings import EvaluateSettings, ImageSettings
from raydrift.settings.toml import evaluate_settings, generate_settings
from raydrift.storage import layout
from raydrift.storage.lock import OutputLock
from tests.tasks.models import SmallNet, save_program, save_script, save_state

pytestmark = pytest.mark.usefixtures("ray_session")

FILES = {*layout.EVALUATED, *layout.OF_TASK, layout.EVALUATION}
CLASSES = ["boat", "city_night", "desert", "flower", "house", "mountain"]
SIZE = ImageSettings(height=64, width=64)


@pytest.fixture(scope="module")
def source(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six classes of six scenes."""
    folder = tmp_path_factory.mktemp("source")
    for name in CLASSES:
        (folder / name).mkdir()
        for path in sorted((scenes / name).glob("*.jpg"))[:6]:
            shutil.copy(path, folder / name)
    return folder


@pytest.fixture(scope="module")
def network(source: Path) -> SmallNet:
    """A model that gets most scenes right."""
    paths = sorted(source.rglob("*.jpg"))
    pixels = np.stack([decode(path.read_bytes(), SIZE) for path in paths])
    labels = np.array([CLASSES.index(path.parent.name) for path in paths])
    return SmallNet().fit(pixels, labels)


@pytest.fixture(scope="module")
def model(network: SmallNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_program(network, tmp_path_factory.mktemp("model") / "scenes.pt2")


def settings_for(
    source: Path, output: Path, model: Path | str | None, **values: Any
) -> EvaluateSettings:
    task = None if model is None else {"model": str(model)} | values.pop("task", {})
    plain = {
        "input": str(source),
        "output": str(output),
        "levels": "0.4,0.8",
        "image": {"height": 64, "width": 64},
        "embedding": {"weights": "random", "batch_size": 9},
        "cluster": {"workers": 2},
        "task": task,
        **values,
    }
    return evaluate_settings(plain)


@pytest.fixture(scope="module")
def output(
    source: Path, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Evaluation]:
    folder = tmp_path_factory.mktemp("evaluated") / "out"
    return folder, evaluate(settings_for(source, folder, model), quiet=True)


def test_a_table_has_a_row_a_level_and_class(output: tuple[Path, Evaluation]) -> None:
    folder, evaluation = output
    assert {path.name for path in folder.iterdir()} == FILES
    table = pq.read_table(folder / layout.TASK)
    assert table.schema == schemas.TASK_SCORES
    assert table["level"].to_pylist() == [level for level in (None, 0.4, 0.8) for _ in range(7)]
    assert table["class_name"].to_pylist() == [None, *CLASSES] * 3
    assert table["samples"].to_pylist() == [36, *[6] * 6] * 3
    assert evaluation.task is not None
    assert table.equals(evaluation.task.table())


def test_the_numbers_are_those_of_the_images_that_generate_writes(
    output: tuple[Path, Evaluation], source: Path, network: SmallNet, tmp_path: Path
) -> None:
    """Asked by torch alone, scored by scikit-learn."""
    generate(
        generate_settings(
            {
                "input": str(source),
                "output": str(tmp_path),
                "transforms": ["default:0.8"],
                "image": {"height": 64, "width": 64},
                "cluster": {"workers": 2},
            }
        ),
        quiet=True,
    )
    written = raydrift.open(tmp_path)
    pixels = np.stack([written[place].image for place in range(len(written))])
    labels = np.array([written[place].label for place in range(len(written))])
    with torch.inference_mode():
        logits = network.eval()(torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255).double()
    predicted = logits.argmax(1).numpy()
    rows = pq.read_table(output[0] / layout.TASK).to_pylist()
    (total,) = (row for row in rows if row["level"] == 0.8 and row["class_name"] is None)
    assert total["accuracy"] == accuracy_score(labels, predicted)
    assert total["f1"] == pytest.approx(f1_score(labels, predicted, average="macro"), rel=1e-12)
    nll = torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels))
    assert total["nll"] == pytest.approx(float(nll), rel=1e-5)
    of_class = {row["class_name"]: row["accuracy"] for row in rows if row["level"] == 0.8}
    for label, name in enumerate(CLASSES):
        assert of_class[name] == (predicted[labels == label] == label).mean()
    original = next(row for row in rows if row["level"] is None and row["class_name"] is None)
    assert original["accuracy"] > total["accuracy"], "drift costs something"


def test_the_record_says_where_it_breaks_and_with_what(
    output: tuple[Path, Evaluation], model: Path
) -> None:
    record = json.loads((output[0] / layout.EVALUATION).read_text())
    task = output[1].task
    assert task is not None
    assert record["task"] == json.loads(json.dumps(task.written))
    assert record["task"]["classes"] == CLASSES
    assert [one["level"] for one in record["task"]["levels"]] == [None, 0.4, 0.8]
    assert record["task"]["breaks_at"]["level"] == task.breaking.level
    assert record["identity"]["task"]["model"] == task.task.file.digest
    assert record["settings"]["task"]["model"] == str(model)
    page = (output[0] / layout.REPORT).read_text(encoding="utf-8")
    assert "What the model gets right" in page
    assert task.sentence in page


def test_a_model_is_part_of_what_an_evaluation_is(
    output: tuple[Path, Evaluation], source: Path, model: Path, network: SmallNet, tmp_path: Path
) -> None:
    folder, _ = output
    before = (folder / layout.TASK).read_bytes()
    other = save_script(network, tmp_path / "other.pt")
    with pytest.raises(OutputError, match=r"\(the task's model is another\)"):
        evaluate(settings_for(source, folder, other), quiet=True)
    with pytest.raises(OutputError, match=r"\(task.drop is 0.1 there and 0.2 here\)"):
        evaluate(settings_for(source, folder, model, task={"drop": 0.2}), quiet=True)
    assert (folder / layout.TASK).read_bytes() == before


def test_without_a_model_there_is_nothing_of_it(
    output: tuple[Path, Evaluation], source: Path, tmp_path: Path
) -> None:
    """The other tables are the same with one; of one that was there nothing is left."""
    alone = settings_for(source, tmp_path, None)
    (tmp_path / layout.TASK).write_bytes(b"of another evaluation")
    with pytest.raises(OutputError, match=r"holds task\.parquet of another origin"):
        evaluate(alone, quiet=True)
    alone = settings_for(source, tmp_path, None, write={"overwrite": True})
    evaluation = evaluate(alone, quiet=True)
    assert evaluation.task is None
    assert {path.name for path in tmp_path.iterdir()} == FILES - {*layout.OF_TASK}
    record = json.loads((tmp_path / layout.EVALUATION).read_text())
    assert "task" not in record
    assert "task" not in record["identity"]
    assert "task" not in record["settings"]
    page = (tmp_path / layout.REPORT).read_text(encoding="utf-8")
    assert "gets right" not in page
    assert 'draw("accuracy"' not in page
    for name in (layout.METRICS, layout.CLASS_DRIFT):
        assert pq.read_table(tmp_path / name).equals(pq.read_table(output[0] / name))


@pytest.mark.slow
def test_one_that_was_stopped_goes_on(
    output: tuple[Path, Evaluation],
    source: Path,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The answers that were given are kept, and the scores are those of one go."""
    settings = settings_for(source, tmp_path / "out", model)
    check, checked = OutputLock.check, list[int]()

    def stopped(lock: OutputLock) -> None:
        checked.append(1)
        if len(checked) == 3:  # before the workers start, and at each batch
            raise KeyboardInterrupt
        check(lock)

    with monkeypatch.context() as patched:
        patched.setattr(OutputLock, "check", stopped)
        with pytest.raises(KeyboardInterrupt):
            evaluate(settings, quiet=True)
    shards = tmp_path / "out" / layout.EVALUATING / layout.SHARDS
    assert len(list(shards.glob("*.parquet"))) in (1, 2, 3)
    evaluate(settings, quiet=True)
    for name in (layout.TASK, layout.METRICS):
        there = pq.read_table(tmp_path / "out" / name)
        assert there.equals(pq.read_table(output[0] / name))


@pytest.mark.slow
def test_the_scores_do_not_depend_on_the_batches_or_the_form(
    output: tuple[Path, Evaluation], source: Path, network: SmallNet, tmp_path: Path
) -> None:
    settings = settings_for(
        source,
        tmp_path / "out",
        save_script(network, tmp_path / "m.pt"),
        embedding={"weights": "random", "batch_size": 5},
        cluster={"workers": 1},
    )
    evaluate(settings, quiet=True)
    there = pq.read_table(tmp_path / "out" / layout.TASK)
    assert there.equals(pq.read_table(output[0] / layout.TASK))


@pytest.mark.slow
def test_labels_are_the_models_classes_in_order(
    output: tuple[Path, Evaluation], source: Path, model: Path, tmp_path: Path
) -> None:
    """Labels may be any numbers; only their order is the model's."""
    mapping = {name: 10 * place - 7 for place, name in enumerate(CLASSES)}
    evaluate(settings_for(source, tmp_path, model, class_mapping=mapping), quiet=True)
    there = pq.read_table(tmp_path / layout.TASK)
    assert there.equals(pq.read_table(output[0] / layout.TASK))


@pytest.mark.slow
def test_a_model_of_other_classes_ends_in_one_line(source: Path, tmp_path: Path) -> None:
    model = save_program(SmallNet(classes=7), tmp_path / "m.pt2")
    with pytest.raises(TaskError) as caught:
        evaluate(settings_for(source, tmp_path / "out", model), quiet=True)
    assert str(caught.value) == (
        f"task {str(model)!r}: it knows 7 classes, and the input has 6 labels: "
        "give a model of this input's classes"
    )


@pytest.mark.slow
def test_a_state_dict_of_torchvision_is_asked(source: Path, tmp_path: Path) -> None:
    from torchvision.models import resnet18

    torch.manual_seed(0)
    path = save_state(resnet18(num_classes=6), tmp_path / "w.pth")
    model = f"resnet18:{path}"
    settings = settings_for(source, tmp_path / "out", model, batches=1, levels="1")
    found = evaluate(settings, quiet=True).task
    assert found is not None
    assert found.warning is not None or found.levels[0].total.accuracy > 1 / 6
