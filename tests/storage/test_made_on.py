"""A run keeps to the kinds of machines that it was begun on."""

import pytest

from raydrift.errors import PipelineError
from raydrift.storage.made_on import check_made_on

THERE = {"pixels": "x86_64 with AVX2", "embeddings": "cpu AVX2, torch 2.8, 0"}


@pytest.mark.parametrize(
    ("kept", "remedy"),
    [
        (True, "run the same command again, or begin again with --overwrite"),
        (False, "run the same command again"),
    ],
)
def test_another_kind_is_refused_with_what_the_command_can_do(kept: bool, remedy: str) -> None:
    """Only a run that is kept can be replaced: a measurement begins anew anyway."""
    check_made_on(THERE, THERE, "node-1", kept)
    check_made_on({}, THERE, "node-1", kept)
    with pytest.raises(PipelineError) as caught:
        check_made_on(THERE, {"pixels": "aarch64"}, "node-2", kept)
    assert str(caught.value) == (
        "the pixels of this run are made on x86_64 with AVX2, but node node-2 is aarch64, where "
        f"their bytes differ: use nodes of one kind and {remedy}"
    )
