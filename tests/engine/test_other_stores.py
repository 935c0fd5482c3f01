"""Stores that Arrow does not know go through fsspec: the same code, the same bytes."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from raydrift.config import generate_settings
from raydrift.engine.generate import generate
from raydrift.errors import SettingsError
from raydrift.place import Place

RUN = {"transforms": ["hue:0.5"], "num_samples": 24, "image": {"height": 32, "width": 32}}


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


@pytest.fixture(scope="module")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What follows a ``gs://`` path to have it on an emulator on this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    log = tmp_path_factory.mktemp("google") / "log"
    options = ["--host=127.0.0.1", f"--port={host[10:]}", "--in-memory", "--default-bucket=photos"]
    with log.open("w") as file:
        command = [Path(sys.executable).with_name("gcp-storage-emulator"), "start", *options]
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + 60
        while "All services started" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield f"?scheme=http&endpoint_override={host}"
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.usefixtures("ray_session")
def test_google_cloud_storage_gives_the_bytes_that_a_path_gives(
    scenes: Path, google: str, tmp_path: Path
) -> None:
    """Its folders are only in the names of its objects."""
    source = Place.of(f"gs://anonymous@photos/in{google}")
    for path in scenes.glob("*/*.jpg"):
        (source / path.relative_to(scenes).as_posix()).write_bytes(path.read_bytes())
    generate(generate_settings({**RUN, "input": str(scenes), "output": str(tmp_path)}), quiet=True)
    uris = {"input": source.uri, "output": f"gs://anonymous@photos/out{google}"}
    record = generate(generate_settings({**RUN, **uris}), quiet=True)
    output = Place.of(uris["output"])
    assert record.counts["written"] == 24
    assert (output / "sampled_images.zip").read_bytes() == (
        tmp_path / "sampled_images.zip"
    ).read_bytes()
    assert set(output.names()) == {path.name for path in tmp_path.iterdir()}


def test_a_store_without_its_package_names_it(scenes: Path) -> None:
    settings = generate_settings(
        {**RUN, "input": str(scenes), "output": "lakefs://repository/main/out"}
    )
    with pytest.raises(SettingsError, match=r"^lakefs://repository/main/out: .*lakefs-spec"):
        generate(settings, quiet=True)
