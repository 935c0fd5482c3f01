"""``raydrift finalize``: what it takes, and what it leaves to whoever says so."""

from pathlib import Path

import pytest

from raydrift.cli import run
from raydrift.settings.toml import generate_settings
from tests.made_shards import make_shards


@pytest.fixture
def output(scenes: Path, tmp_path: Path) -> Path:
    """A run of 12 boats that is not merged; three of them are out of reach."""
    folder = tmp_path / "in" / "boat"
    folder.mkdir(parents=True)
    for number, path in enumerate(sorted(scenes.glob("boat/*.jpg"))):
        (folder / path.name).symlink_to("nowhere" if number < 3 else path)
    plain = {"input": str(folder.parent), "output": str(tmp_path / "out"), "shuffle": False}
    make_shards(generate_settings(plain | {"image": {"height": 8, "width": 8}}), size=4)
    return tmp_path / "out"


def test_what_generate_refuses_finalize_refuses_and_the_shards_stay(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shards = sorted((output / "_shards").glob("part-*"))
    assert run(["finalize", str(output)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "raydrift: 3 of 12 images cannot be used, more than --max-rejected 0.1 (first: "
        "boat/boat_000.jpg: No such file or directory): see "
        f"{output}/rejected.parquet; 3 of them could not be read, the same generate command looks "
        "for them again; the shards are kept, generate with a higher limit or raydrift finalize "
        "--accept-rejected finishes with the rest\n"
    )
    assert run(["inspect", str(output)]) == 1
    assert (
        capsys.readouterr()
        .out.replace("\n", " ")
        .endswith(
            "not whole: the shards are not merged, too many images were rejected: run raydrift "
            "finalize --accept-rejected, or the same generate command with a higher --max-rejected "
        )
    )
    assert sorted((output / "_shards").glob("part-*")) == shards
    assert {path.name for path in output.iterdir()} == {"_shards", "rejected.parquet", "run.json"}


def test_whoever_wants_the_rest_says_so_and_is_told_how_to_begin_again(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = (
        "  3 of the rejected could not be read: where they can be by now, "
        "the same generate command with --overwrite makes the set with them"
    )
    assert run(["finalize", str(output), "--accept-rejected"]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("9 images, 3 rejected in ")
    assert second == again
    assert not (output / "_shards").exists()
    assert run(["finalize", str(output)]) == 0
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "9 images, 3 rejected, complete already: nothing was done"
    assert second == again
