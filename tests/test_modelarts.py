"""CycleGan and StyleGan under their published names."""

import json
from pathlib import Path

import pytest

from raydrift.errors import OutputError, SettingsError
from raydrift.gan.cyclegan.generator import make_generator
from raydrift.gan.draws import weight_generator
from raydrift.gan.model_file import write_model
from raydrift.gan.stylegan.architecture import Architecture
from raydrift.gan.stylegan.generator import make_generator as make_style_generator
from raydrift.modelarts import CycleGan, StyleGan

CYCLEGAN = {
    "kind": "cyclegan", "height": 32, "width": 32, "channels": 3, "generator_width": 4, "blocks": 1,
}  # fmt: skip


def test_an_unknown_parameter_or_value_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match="CycleGan has no parameter 'epoch'"):
        CycleGan(epoch=3)
    with pytest.raises(SettingsError, match="StyleGan has no parameter 'generate-nums'"):
        StyleGan(**{"generate-nums": 3})
    with pytest.raises(SettingsError, match=r"image.height is 250: the network needs a power of 2"):
        StyleGan(resolution=250)
    with pytest.raises(SettingsError, match=r"unknown key cyclegan.widht: did you mean 'width'\?"):
        CycleGan({"cyclegan": {"widht": 3}}, max_epoch=1)
    with pytest.raises(SettingsError, match=r"max_epoch is train.epochs, which is given too"):
        CycleGan({"train": {"epochs": 3}}, max_epoch=1)
    with pytest.raises(SettingsError, match="input is for run"):
        StyleGan({"input": "photos"})


def test_without_images_there_is_no_training() -> None:
    with pytest.raises(SettingsError, match="target is None: give the images to look like"):
        CycleGan().run("photos", None, "out")
    with pytest.raises(SettingsError, match="input is None: give the images to learn from"):
        StyleGan().run(None, "out")


def test_a_folder_with_other_content_is_refused_before_the_training(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    said = f"output {tmp_path} holds letter.txt of another origin: choose another folder"
    with pytest.raises(OutputError) as caught:
        CycleGan().run("photos", "others", tmp_path)
    assert str(caught.value) == said
    with pytest.raises(OutputError, match=r"letter.txt is a file: give a folder"):
        StyleGan().run("photos", tmp_path / "letter.txt")


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_with_predict_a_model_makes_the_images(scenes: Path, tmp_path: Path) -> None:
    networks = {
        name: make_generator(3, 4, 1, weight_generator(3, number))
        for number, name in enumerate(("to_target", "to_source"))
    }
    (tmp_path / "cycle.safetensors").write_bytes(write_model(networks, CYCLEGAN))
    operator = CycleGan(
        {"num_samples": 18},
        predict=True,
        resume=str(tmp_path / "cycle.safetensors"),
        image_height=32,
        image_width=32,
    )
    out = tmp_path / "translated"
    for _ in range(2):
        record = operator.run(scenes, None, out, progress=False)
        assert record.counts["written"] == 18
    assert {one.name for one in (out / "Data").iterdir()} == {
        f"CYcleGan_{n // 16}_{n % 16}.jpg" for n in range(18)
    }
    lines = (out / "output_0.manifest").read_text().splitlines()
    assert json.loads(lines[17])["source"] == f"{out}/Data/CYcleGan_1_1.jpg"

    sizes = Architecture(16, 16, 3, 64, 8, 8, 2, ("left", "right"))
    style = {"generator": make_style_generator(sizes, weight_generator(3, 0))}
    (tmp_path / "style.safetensors").write_bytes(write_model(style, sizes.description()))
    resume = str(tmp_path / "style.safetensors")
    out = tmp_path / "synthesized"
    StyleGan(predict=True, resume=resume, generate_num=3, resolution=16).run(
        None, out, progress=False
    )
    names = {one.name for one in (out / "Data").iterdir()}
    assert names == {f"StyleGan_{side}_{n}.jpg" for side in ("left", "right") for n in range(3)}
