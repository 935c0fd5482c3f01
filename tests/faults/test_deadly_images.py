"""Images that kill the process that decodes them, as a fatal bug in a library would."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.faults.runs import SPOILED, contents, finish, without_embeddings, write_album

KILLERS = Path(__file__).with_name("killers")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("comment", "error"),
    [
        (b"kills its reader", "killed the process that decoded it (it ended with status 66)"),
        (b"eats memory", "decoding it takes more memory than there is"),
    ],
    ids=["crash", "memory"],
)
def test_images_that_kill_their_decoder_are_rejected_and_all_others_kept(
    scenes: Path, reference: dict[str, Any], tmp_path: Path, comment: bytes, error: str
) -> None:
    """Five of them, two in one shard; they are a whole JPEG otherwise.

    Each kills its worker once. The worker that comes in its place decodes in a child, which the
    image kills too, or whose bound on memory it meets.
    """
    jpeg = next(scenes.glob("boat/*.jpg")).read_bytes()
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
    album = write_album(tmp_path / "album", scenes, spoiled=jpeg[:2] + segment + jpeg[2:])
    path = os.pathsep.join([str(KILLERS), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)

    said = finish(album, tmp_path / "out", "--workers=2", environment={"PYTHONPATH": path})

    assert said == []
    found = contents(tmp_path / "out")
    rejected = found.pop("rejected.parquet")
    assert rejected["sample_id"].to_pylist() == list(SPOILED)
    for row in rejected.to_pylist():
        assert row["stage"] == "decode"
        assert row["error"] == error
    expected = without_embeddings(reference)
    del expected["rejected.parquet"]
    assert found == expected
