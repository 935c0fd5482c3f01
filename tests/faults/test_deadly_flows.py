"""Images of a flow that kill the process that decodes them, as a fatal bug in a library would."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KILLERS = Path(__file__).with_name("killers")

SCRIPT = """
import json, pathlib, sys, warnings
from raydrift.flows import ImageDataGenerator
warnings.simplefilter("ignore")
generator = ImageDataGenerator(rotation_range=20, decode=sys.argv[2], workers=2)
given = {"target_size": (32, 32), "batch_size": 8, "seed": 1}
with generator.flow_from_directory(sys.argv[1], **given) as flow:
    sizes = [len(next(flow)[0]) for _ in range(len(flow))]
    rejected = {one.path: one.reason for one in flow.rejected}
pathlib.Path(sys.argv[3]).write_text(json.dumps([sizes, rejected]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("decode", ["keras", "raydrift"])
@pytest.mark.parametrize(
    ("comment", "error"),
    [
        (b"kills its reader", "killed the process that decoded it (it ended with status 66)"),
        (b"eats memory", "decoding it takes more memory than there is"),
    ],
    ids=["crash", "memory"],
)
def test_another_image_takes_the_place_of_one_that_kills_its_decoder(
    scenes: Path, tmp_path: Path, decode: str, comment: bytes, error: str
) -> None:
    """Two of 34 files; each kills its worker, and then the child of the one that comes after."""
    (tmp_path / "boat").mkdir()
    files = sorted(scenes.glob("*/*.jpg"))
    for number in range(34):
        (tmp_path / "boat" / f"{number:02d}.jpg").hardlink_to(files[number % len(files)])
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    deadly = [tmp_path / "boat" / "05.jpg", tmp_path / "boat" / "20.jpg"]
    for file in deadly:
        jpeg = file.read_bytes()
        file.unlink()
        file.write_bytes(jpeg[:2] + segment + jpeg[2:])
    path = os.pathsep.join([str(KILLERS), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)

    found = tmp_path / "found.json"
    subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), decode, str(found)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        timeout=180,
        check=True,
    )

    sizes, rejected = json.loads(found.read_text())
    assert sizes == [8, 8, 8, 8, 2]
    assert sorted(rejected) == [str(file) for file in deadly]
    assert all(error in reason for reason in rejected.values())
