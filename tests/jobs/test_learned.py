"""A training and its images on a cluster that somebody else started: submitted as a job."""

import json
from pathlib import Path

import pytest

from raydrift.engine.translate import translate
from raydrift.gan.model_file import read_model
from raydrift.settings.gan_toml import translate_settings
from raydrift.settings.toml import read_toml
from tests.jobs.heads import BIN, Head

TINY = """
[image]
height = 32
width = 32
[train]
epochs = 1
batch_size = 4
[cyclegan]
width = 4
blocks = 1
discriminator_width = 4
discriminator_layers = 2
[cluster]
embedders = 0
"""


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_translation_as_a_job_and_once_more_by_its_model_here(
    head: Head, scenes: Path, tmp_path: Path
) -> None:
    job, here, config = tmp_path / "job", tmp_path / "here", tmp_path / "tiny.toml"
    config.write_text(TINY)
    submit = [BIN / "ray", "job", "submit", "--address", head.dashboard, "--working-dir", "."]
    asked = [scenes / "boat", job, "--to", scenes / "desert", "--config", config]
    done = head.run(*submit, "--", "python", "jobs/translate.py", *asked)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "raydrift: succeeded" in done.stdout
    assert json.loads((job / "model" / "training.json").read_text())["status"] == "complete"
    places = {"input": str(scenes / "boat"), "model": str(job), "output": str(here)}
    translate(translate_settings({**read_toml(str(config)), **places}), quiet=True)
    for name in ("sampled_images.zip", "provenance.parquet"):
        assert (job / name).read_bytes() == (here / name).read_bytes()
    assert read_model(job).names == ("to_source", "to_target")
