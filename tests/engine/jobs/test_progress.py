"""What a run says of itself while it runs."""

import io
import re
import time

import pytest
from rich.console import Console

from raydrift.engine.jobs import progress
from raydrift.engine.jobs.progress import RunProgress
from raydrift.storage.shards import LedgerRow

AGO = 1000.0
"""Seconds since the first shard was begun: long, so that the time a test takes does not show."""


def shard(number: int, asked: int, rejected: int = 0, ago: float = AGO) -> LedgerRow:
    row = (number, "run", asked, asked - rejected, rejected, 0, 0, 0, 0, 0)
    return LedgerRow(*row, started=time.time() - ago)


def lines_of(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.fixture
def console() -> Console:
    """No terminal, and narrow."""
    return Console(file=io.StringIO(), width=30, force_terminal=False)


def test_before_the_first_shard_there_is_no_rate() -> None:
    run = RunProgress(5000, quiet=True)
    assert run.rate == 0.0
    assert run.line() == "0 of 5,000 images (0 %) · starting workers · 0 rejected"


def test_the_rate_counts_from_the_start_of_the_first_shard() -> None:
    run = RunProgress(1_000_000, quiet=True)
    run.add(shard(0, 50_000, ago=AGO / 2))
    run.add(shard(1, 150_000, ago=AGO))
    assert run.rate == pytest.approx(200, rel=1e-3)
    run.add(shard(2, 100_000, ago=AGO / 4))
    assert run.rate == pytest.approx(300, rel=1e-3)


def test_a_line_tells_count_share_rate_time_left_and_rejected() -> None:
    run = RunProgress(1_000_000, quiet=True)
    run.add(shard(0, 412_000, rejected=3))
    assert run.line() == (
        "412,000 of 1,000,000 images (41 %) · 412 images/s · ETA 0:23:47 · 3 rejected"
    )


def test_what_takes_seconds_each_is_counted_by_the_minute() -> None:
    run = RunProgress(100, quiet=True, unit="search")
    run.add(shard(0, 50))
    assert run.line() == "50 of 100 searches (50 %) · 3.0 searches/min · ETA 0:16:40 · 0 rejected"


def test_time_left_may_be_hours() -> None:
    run = RunProgress(10_000_000, quiet=True)
    run.add(shard(0, 1_000_000))
    assert run.facts() == "1,000 images/s · ETA 2:30:00 · 0 rejected"


def test_at_the_end_nothing_is_left() -> None:
    run = RunProgress(100_000, quiet=True)
    run.add(shard(0, 60_000, rejected=10))
    run.add(shard(1, 40_000, rejected=2))
    assert run.line() == (
        "100,000 of 100,000 images (100 %) · 100 images/s · ETA 0:00:00 · 12 rejected"
    )


def test_a_resumed_run_goes_on_counting_but_has_a_rate_of_its_own() -> None:
    run = RunProgress(400_000, done=300_000, rejected=7, quiet=True)
    assert run.line() == ("300,000 of 400,000 images (75 %) · starting workers · 7 rejected")
    run.add(shard(4, 50_000, rejected=1))
    assert run.rate == pytest.approx(50, rel=1e-3)
    assert run.line() == (
        "350,000 of 400,000 images (87 %) · 50 images/s · ETA 0:16:40 · 8 rejected"
    )


def test_away_from_a_terminal_the_last_line_is_always_written(console: Console) -> None:
    with RunProgress(200_000, console=console) as run:
        run.add(shard(0, 100_000, rejected=2))
    assert lines_of(console) == [
        "100,000 of 200,000 images (50 %) · 100 images/s · ETA 0:16:40 · 2 rejected"
    ]


def test_the_last_line_is_written_when_the_run_fails(console: Console) -> None:
    with pytest.raises(ZeroDivisionError), RunProgress(10, console=console):
        raise ZeroDivisionError
    assert lines_of(console) == ["0 of 10 images (0 %) · starting workers · 0 rejected"]


def test_away_from_a_terminal_a_line_comes_every_few_seconds(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert progress.LINE_EVERY_S == 10.0
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.02)
    with RunProgress(10, console=console):
        time.sleep(0.3)
    lines = lines_of(console)
    assert 3 <= len(lines) <= 16
    assert set(lines) == {"0 of 10 images (0 %) · starting workers · 0 rejected"}


def test_on_a_terminal_a_bar_shows_the_same_facts() -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    with RunProgress(200_000, done=20_000, console=console) as run:
        run.add(shard(0, 100_000, rejected=2))
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", "\n".join(lines_of(console)))
    assert "120000/200000 images · 100 images/s · ETA 0:13:20 · 2 rejected" in plain


def test_merging_counts_from_its_own_start_whenever_the_shards_were_made() -> None:
    run = RunProgress(100_000, label="merging", quiet=True)
    assert run.line() == "0 of 100,000 images (0 %) · merging · 0 rejected"
    run.add(shard(0, 50_000, rejected=2, ago=AGO))
    assert run.rate > 50_000 / AGO * 100
    text = (
        r"50,000 of 100,000 images \(50 %\) · merging · [\d,]+ images/s · ETA 0:00:00 · 2 rejected"
    )
    assert re.fullmatch(text, run.line())


def test_merging_that_takes_no_time_is_not_told(console: Console) -> None:
    with RunProgress(100, label="merging", console=console) as run:
        run.add(shard(0, 100))
    assert lines_of(console) == []


def test_merging_that_takes_long_is_told(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.02)
    with RunProgress(100, label="merging", console=console):
        time.sleep(0.3)
    assert set(lines_of(console)) == {"0 of 100 images (0 %) · merging · 0 rejected"}


@pytest.mark.parametrize("is_terminal", [True, False])
def test_quiet_is_quiet(is_terminal: bool) -> None:
    console = Console(file=io.StringIO(), force_terminal=is_terminal)
    with RunProgress(200_000, quiet=True, console=console) as run:
        run.add(shard(0, 100_000))
    assert lines_of(console) == []


def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with RunProgress(10):
        pass
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "0 of 10 images (0 %) · starting workers · 0 rejected\n"


def test_before_anything_is_done_it_says_what_it_waits_for() -> None:
    assert RunProgress(10, quiet=True).facts() == "starting workers · 0 rejected"
    waiting = RunProgress(10, waiting="measuring the first batches", quiet=True)
    assert waiting.facts() == "measuring the first batches · 0 rejected"
