"""A flow on several machines: the same batches as on one."""

from pathlib import Path

import pytest

from tests.nodes import flow_digest
from tests.nodes.clusters import Cluster
from tests.nodes.machines import Machine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_two_nodes_make_the_batches_that_this_process_makes(
    cluster: Cluster, nodes: list[Machine], scenes: Path, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    script = flow_digest.__file__  # tests do not travel with a job
    sent = cluster.head.send("flow", script, scenes, notes, "4")
    assert sent.returncode == 0, sent.stderr
    assert cluster.head.end("flow") == "SUCCEEDED", cluster.head.said("flow")
    assert {one.name for one in notes.iterdir()} == {node.name for node in nodes}
    here = flow_digest.main(str(scenes), str(tmp_path / "notes"), 0)
    assert f"digest {here}" in cluster.head.said("flow")
