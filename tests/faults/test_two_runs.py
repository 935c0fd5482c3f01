"""Two runs that write to the same folder."""

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.faults.runs import Gate, Run, contents, without_embeddings


@pytest.mark.slow
def test_the_second_run_at_an_output_is_refused_and_the_first_goes_on(
    album: Path, reference: dict[str, Any], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    gate = Gate(album, shard=7)
    with Run(album, output, "--workers=1") as first:
        gate.reader(first)
        with Run(album, output, "--workers=1") as second:
            assert second.wait() == 2
        who = f"{socket.gethostname()}:{first.main.pid}"
        assert second.said() == [
            f"{output} was last used by {who}: waiting up to 20 s to see if it still is",
            f"raydrift: another run is at work in {output} ({who}): "
            "wait until it ends, or choose another output",
        ]
        gate.open()
        assert first.wait() == 0, first.said()
    assert contents(output) == without_embeddings(reference)
