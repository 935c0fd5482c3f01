"""The loop: saves, resumes, stops, goes back; what it trains is a toy that takes no time."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch

from raydrift.engine.training.job import TrainingJob
from raydrift.engine.training.loop import TrainingLoop
from raydrift.engine.training.state_file import own_state
from raydrift.errors import PipelineError, SettingsError
from raydrift.gan.replicas import Replicas
from raydrift.paths import StoragePath
from raydrift.settings.generate import GenerateSettings
from raydrift.settings.image import ImageSettings
from raydrift.settings.translate import TranslateSettings, TranslateTraining
from raydrift.storage.training_record import TrainingRecord, load_training


def job_in(folder: Path, **train: Any) -> TrainingJob:
    run = GenerateSettings("in", "out", image=ImageSettings(height=32, width=32))
    training = TranslateTraining(**{"log_every": 2, **train})
    settings = TranslateSettings(run, to="other", train=training)
    return TrainingJob(settings, (), StoragePath.of(str(folder)), {"seed": 1}, notes=("a note",))


def run(job: TrainingJob, work: Any, watcher: Any) -> str:
    return TrainingLoop(job, work, Replicas(), "cpu", watcher).run()


def record_of(job: TrainingJob) -> TrainingRecord:
    record = load_training(job.output)
    assert record is not None
    return record


def state_of(job: TrainingJob) -> Mapping[str, Any]:
    saved = own_state(job.output, job.fingerprint)
    assert saved is not None
    return saved.state


def weights(job: TrainingJob) -> bytes:
    return (job.output / "model" / "generator.safetensors").read_bytes()


def losses(job: TrainingJob) -> list[tuple[int, float]]:
    rows = pq.read_table(job.output.path + "/progress.parquet").to_pylist()
    return [(row["step"], row["value"]) for row in rows if row["name"] == "loss"]


def test_a_training_leaves_its_model_samples_and_numbers(
    tmp_path: Path, toy: Any, watched: Any
) -> None:
    job, work, watcher = job_in(tmp_path), toy(), watched()

    assert run(job, work, watcher) == "complete"

    names = sorted(str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*.*"))
    assert [name for name in names if name.startswith(("model", "samples"))] == [
        "model/checkpoints/000001.safetensors",
        "model/checkpoints/000002.safetensors",
        "model/generator.safetensors",
        "model/training.json",
        "model/training.pt",
        "samples/000000.png",
        "samples/000001.png",
        "samples/000002.png",
        "samples/real.png",
    ]
    assert work.measured == [0, 6, 12]
    assert [step for step, _ in losses(job)] == [2, 4, 6, 8, 10, 12]
    record = record_of(job)
    assert (record.status, record.step, record.steps, record.saves) == ("complete", 12, 12, 2)
    assert record.measures == {"diversity_pixels": 1.0}
    assert record.notes == ["a note"]
    assert watcher.standings[-1].step == 12


def test_a_training_that_is_stopped_goes_on_bit_for_bit(
    tmp_path: Path, toy: Any, watched: Any
) -> None:
    whole, parts = job_in(tmp_path / "whole"), job_in(tmp_path / "parts")
    run(whole, toy(), watched())

    assert run(parts, toy(), watched(stop_at=7)) == "stopped"
    between = record_of(parts)
    assert (between.status, between.saved_step) == ("stopped", 7)
    assert run(parts, toy(), watched()) == "complete"

    assert weights(parts) == weights(whole)
    assert [one for one in losses(parts) if one[0] != 7] == losses(whole)


def test_one_that_is_killed_loses_the_steps_since_its_last_save(
    tmp_path: Path, toy: Any, watched: Any
) -> None:
    whole, killed = job_in(tmp_path / "whole"), job_in(tmp_path / "killed")
    run(whole, toy(), watched())
    work = toy()
    work.on_step = die_at(11)
    with pytest.raises(ZeroDivisionError):
        run(killed, work, watched())

    assert state_of(killed)["step"] == 6
    work = toy()
    assert run(killed, work, watched()) == "complete"
    assert work.measured == [12]
    assert weights(killed) == weights(whole)


def die_at(step: int) -> Callable[[int], None]:
    def die(done: int) -> None:
        if done == step:
            raise ZeroDivisionError

    return die


def test_losses_that_are_not_finite_send_it_back_with_lower_rates(
    tmp_path: Path, toy: Any, watched: Any
) -> None:
    job = job_in(tmp_path)  # the toy fails until its rate is below a fifth

    assert run(job, toy(fails_at=8), watched()) == "complete"

    record = record_of(job)
    assert record.restarts == 3
    assert record.notes[1] == (
        "at step 8 losses were not finite (loss): went back to the save at step 6, with half the "
        "learning rates"
    )
    assert state_of(job)["factor"] == 0.125


def test_weights_that_are_not_finite_are_not_saved(tmp_path: Path, toy: Any, watched: Any) -> None:
    job, work, breaks = job_in(tmp_path), toy(), [6]  # its loss was still finite
    make = work.trainer

    def broken(replicas: Replicas, device: str) -> Any:
        trainer = make(replicas, device)

        def break_once(done: int) -> None:
            if done in breaks:
                breaks.remove(done)
                torch.nn.init.constant_(trainer.generators()["generator"].weight, float("nan"))

        work.on_step = break_once
        return trainer

    work.trainer = broken
    assert run(job, work, watched()) == "complete"

    assert record_of(job).notes[1] == (
        "at step 6 losses were not finite (weights): went back to the save at step 0, with half "
        "the learning rates"
    )
    assert bool(state_of(job)["network"]["weight"].isfinite().all())


def test_after_three_returns_it_is_an_error(tmp_path: Path, toy: Any, watched: Any) -> None:
    work = toy(fails_at=8)
    work.failing = lambda losses: ["loss"]

    with pytest.raises(PipelineError, match=r"came to nothing: at step 2 .* after 3 returns"):
        run(job_in(tmp_path), work, watched())


@pytest.mark.parametrize(("on_collapse", "status"), [("warn", "complete"), ("stop", "stopped")])
def test_a_collapse_is_told(
    tmp_path: Path, toy: Any, watched: Any, on_collapse: str, status: str
) -> None:
    job, work = job_in(tmp_path, on_collapse=on_collapse), toy(steps=18)
    work.diversity = 0.01

    assert run(job, work, watched()) == status

    record = record_of(job)
    (told,) = [note for note in record.notes if "nearly all alike" in note]
    assert told.startswith("at step 12 ")
    assert record.step == {"complete": 18, "stopped": 12}[status]


def test_discriminators_that_win_are_told_once(tmp_path: Path, toy: Any, watched: Any) -> None:
    work, watcher = toy(steps=24), watched()
    work.won = True

    run(job_in(tmp_path), work, watcher)

    (told,) = [text for kind, text in watcher.events if kind == "note"]
    assert told.startswith("from step 0 on the discriminators tell all")


def test_max_hours_end_a_session_saved(tmp_path: Path, toy: Any, watched: Any) -> None:
    job = job_in(tmp_path, max_hours=1e-9)

    assert run(job, toy(), watched()) == "stopped"

    record = record_of(job)
    assert record.saved_step == 1
    assert "(train.max_hours): the same command continues" in record.notes[-1]
    assert run(job_in(tmp_path), toy(), watched()) == "complete"


def test_only_the_last_models_are_kept(tmp_path: Path, toy: Any, watched: Any) -> None:
    run(job_in(tmp_path, keep=1), toy(), watched())

    kept = [one.name for one in (tmp_path / "model" / "checkpoints").iterdir()]
    assert kept == ["000002.safetensors"]


def test_the_last_models_are_kept_where_saves_are_rarer_now(
    tmp_path: Path, toy: Any, watched: Any
) -> None:
    job = job_in(tmp_path, keep=2)
    run(job, toy(steps=27, save_steps=1), watched(stop_at=9))

    run(job, toy(steps=27, save_steps=9), watched())

    kept = sorted((tmp_path / "model" / "checkpoints").iterdir())
    assert [one.name for one in kept] == ["000002.safetensors", "000003.safetensors"]
    assert kept[1].read_bytes() == weights(job)


def test_too_little_memory_names_what_takes_it(tmp_path: Path, toy: Any, watched: Any) -> None:
    work = toy()

    def fill(_: int) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    work.on_step = fill
    with pytest.raises(PipelineError, match=r"train.batch_size = 1, toy.width = 1: give a smaller"):
        run(job_in(tmp_path), work, watched())


class TestResume:
    """``train.resume``: a new training begins with what an earlier one left."""

    def test_with_its_state_the_steps_count_on(
        self, tmp_path: Path, toy: Any, watched: Any
    ) -> None:
        whole, earlier = job_in(tmp_path / "whole"), job_in(tmp_path / "earlier")
        run(whole, toy(steps=18), watched())
        run(earlier, toy(steps=12), watched())
        longer = job_in(tmp_path / "longer", resume=str(tmp_path / "earlier"))
        longer = replace(longer, identity={"seed": 1, "resume": "earlier"})
        work = toy(steps=18)

        assert run(longer, work, watched()) == "complete"

        assert work.measured == [12, 18]
        assert weights(longer) == weights(whole)
        assert "began at step 12 of " in record_of(longer).notes[1]

    def test_no_more_steps_than_there_are_is_an_error(
        self, tmp_path: Path, toy: Any, watched: Any
    ) -> None:
        run(job_in(tmp_path / "earlier"), toy(), watched())
        state = tmp_path / "earlier" / "model" / "training.pt"

        with pytest.raises(SettingsError, match=r"has 12 steps, and 12 are asked for in all"):
            run(job_in(tmp_path / "new", resume=str(state)), toy(), watched())

    def test_what_is_no_training_is_refused(self, tmp_path: Path, toy: Any, watched: Any) -> None:
        (tmp_path / "training.pt").write_bytes(b"no such thing")

        with pytest.raises(SettingsError, match="is no state of a training"):
            run(job_in(tmp_path / "new", resume=str(tmp_path / "training.pt")), toy(), watched())
