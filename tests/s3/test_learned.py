"""A training whose input, output and model are in a bucket."""

from pathlib import Path
from typing import Any

import pytest

from raydrift.engine.translate import translate
from raydrift.errors import PipelineError
from raydrift.gan.model_file import read_model
from raydrift.paths import StoragePath
from raydrift.settings.gan_toml import translate_settings
from tests.s3.servers import Server
from tests.s3.test_storage_path import options

TINY = {"width": 4, "blocks": 1, "discriminator_width": 4, "discriminator_layers": 2}


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_it_stops_goes_on_and_translates(server: Server, bucket: str, scenes: Path) -> None:
    reached = options(server)
    for name in ("boat", "desert"):
        folder = StoragePath.of(f"s3://{bucket}/{name}", reached)
        for path in sorted((scenes / name).iterdir()):
            (folder / path.name).write_bytes(path.read_bytes())
    output = f"s3://{bucket}/out"

    def settings(**train: Any) -> Any:
        return translate_settings(
            {
                "input": f"s3://{bucket}/boat",
                "to": f"s3://{bucket}/desert",
                "output": output,
                "image": {"height": 32, "width": 32},
                "cyclegan": TINY,
                "train": {"epochs": 2, "batch_size": 4, "save_every": 1, **train},
                "storage_options": reached,
                "cluster": {"workers": 2},
            }
        )

    with pytest.raises(PipelineError, match="the same command continues the training"):
        translate(settings(max_hours=1e-9), quiet=True)
    assert translate(settings(), quiet=True).counts["written"] == 12
    place = StoragePath.of(output, reached)
    names = {info.base_name for info in place.entries()}
    assert {"model", "samples", "report.html", "sampled_images.zip"} <= names
    assert not any(name.startswith("_") for name in names)
    assert read_model(output, reached).names == ("to_source", "to_target")
