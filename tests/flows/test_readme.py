"""What the READMEs show of flows is what happens."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def blocks(page: str, word: str) -> list[str]:
    """The examples of a page with a word in them."""
    found = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    return [block for block in found if word in block]


@pytest.fixture(autouse=True)
def with_photos(scenes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos").symlink_to(scenes)
    monkeypatch.chdir(tmp_path)


def test_the_three_faces(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keras, mltk, flow = blocks("README.md", "raydrift.flows")
    names: dict[str, object] = {}
    exec(keras, names)
    assert "Found 72 images belonging to 6 classes." in capsys.readouterr().out
    assert getattr(names["images"], "shape", None) == (32, 64, 64, 3)
    exec(mltk.replace("cores=2", "cores=2, debug=True"), {})  # Ray is tried elsewhere
    assert capsys.readouterr().out.count("(16, 64, 64, 3)") == 5
    exec(flow, {})
    assert capsys.readouterr().out.count("torch.Size([") == 2
    assert (tmp_path / "sheet.png").is_file()


def test_the_loop_over_arrays(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks("raydrift/flows/README.md", "batch.transforms")
    exec(example, {})
    assert capsys.readouterr().out.count("'kernel': 'affine'") == 2


def test_the_loop_in_pytorch_learns(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks("raydrift/flows/README.md", "flow.validation.torch")
    assert len([line for line in example.splitlines() if line]) <= 30
    import torch

    torch.manual_seed(0)
    exec(example, {})
    assert float(capsys.readouterr().out.split()[0]) > 0.5


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("ray_session")
def test_the_loop_in_ray_train_runs(scenes: Path, tmp_path: Path) -> None:
    (example,) = blocks("raydrift/flows/README.md", "TorchTrainer")
    body = example.partition("def train")[2].partition("scaling =")[0]
    assert len([line for line in body.splitlines() if line]) <= 30
    example = example.replace("/data/photos", str(scenes))
    storage = f'run_config=ray.train.RunConfig(storage_path="{tmp_path}"), '
    example = example.replace("scaling_config=scaling", storage + "scaling_config=scaling")
    example = example.replace(
        "ray.train.report({",
        f'open("{tmp_path}/told", "a").write("x")\n        ray.train.report({{',
    )
    exec(example, {"__name__": "__main__"})
    assert (tmp_path / "told").read_text() == "xxxx", "two workers, two epochs"
