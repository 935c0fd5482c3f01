"""Stores that Arrow does not know go through fsspec: the same code, the same bytes."""

from hashlib import sha256
from pathlib import Path

import pytest

from raydrift.engine.generate import generate
from raydrift.errors import SettingsError
from raydrift.settings.toml import generate_settings

RUN = {"transforms": ["hue:0.5"], "num_samples": 24, "image": {"height": 32, "width": 32}}


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_scheme_of_fsspec_gives_the_bytes_that_a_path_gives(scenes: Path, tmp_path: Path) -> None:
    """``local://`` is fsspec's own view of this disk, which every worker process sees."""
    plain, through = tmp_path / "plain", tmp_path / "through"
    generate(generate_settings({**RUN, "input": str(scenes), "output": str(plain)}), quiet=True)
    uris = {
        "input": f"local://{scenes}",
        "output": f"local://{through}",
        "storage_options": {"output": {"auto_mkdir": True}},
    }
    record = generate(generate_settings({**RUN, **uris}), quiet=True)
    assert record.counts["written"] == 24
    assert sorted(path.name for path in through.iterdir()) == sorted(
        path.name for path in plain.iterdir()
    )
    digests = [
        sha256((folder / "sampled_images.zip").read_bytes()).hexdigest()
        for folder in (plain, through)
    ]
    assert digests[0] == digests[1]


def test_a_store_without_its_package_names_it(scenes: Path) -> None:
    settings = generate_settings(
        {**RUN, "input": str(scenes), "output": "lakefs://repository/main/out"}
    )
    with pytest.raises(SettingsError, match=r"^lakefs://repository/main/out: .*lakefs-spec"):
        generate(settings, quiet=True)
