"""What a worker's failure was, in the one line that is said of it."""

from typing import Any

import pytest
import ray

from raydrift.engine.data.failures import explain_failure

HINT = (
    "UDF failed to process a data block.\nTo change retry attempts, backoff, or which errors are "
    "retried, configure `ray.data.DataContext.get_current()`."
)
END = ": what is finished is kept; run the same command again, with --verbose for Ray's log"


def told(error: BaseException) -> str:
    said = explain_failure(error)
    assert said.startswith("a worker failed: ")
    assert said.endswith(END)
    return said.removeprefix("a worker failed: ").removesuffix(END)


def fails(how: str) -> None:
    """As Ray Data runs what is ours: its own exception comes after."""
    try:
        work(how)
    except Exception as error:
        raise ray.exceptions.UserCodeException(HINT) from error


def work(how: str) -> None:
    if how == "lines":
        raise TypeError("expected integers,\n  got '40707.0'")
    if how == "wordless":
        raise AssertionError
    if how == "secret":
        raise OSError("s3://key:secret@bucket/1.jpg is gone")
    try:
        int(how)
    except ValueError as error:
        raise RuntimeError("there is no map") from error


LINE = work.__code__.co_firstlineno


@pytest.mark.usefixtures("ray_session")
@pytest.mark.parametrize(
    ("how", "said", "line"),
    [
        ("lines", "TypeError: expected integers, got '40707.0' (test_failures.py:{})", 2),
        ("wordless", "AssertionError (test_failures.py:{})", 4),
        ("secret", "OSError: s3://***@bucket/1.jpg is gone (test_failures.py:{})", 6),
        ("chained", "RuntimeError: there is no map (test_failures.py:{})", 10),
    ],
)
def test_the_reason_is_what_was_raised_and_not_rays_hint(how: str, said: str, line: int) -> None:
    with pytest.raises(ray.exceptions.RayTaskError) as caught:
        ray.get(ray.remote(fails).remote(how))
    assert told(caught.value) == said.format(LINE + line)


@pytest.mark.usefixtures("ray_session")
def test_an_actor_that_cannot_be_made_tells_why() -> None:
    class Worker:
        def __init__(self) -> None:
            raise ValueError("the weights are gone")

    worker: Any = ray.remote(Worker).remote()
    with pytest.raises(ray.exceptions.ActorDiedError) as caught:
        ray.get(worker.__ray_ready__.remote())
    assert told(caught.value).startswith("ValueError: the weights are gone (test_failures.py:")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ray.exceptions.OutOfMemoryError("Task was killed.\nSet RAY_memory_usage_threshold"),
            "OutOfMemoryError: Task was killed.",
        ),
        (ConnectionError("the head is gone"), "ConnectionError: the head is gone"),
        (ConnectionError(), "ConnectionError"),
    ],
)
def test_without_a_traceback_it_is_the_first_line(error: BaseException, said: str) -> None:
    assert told(error) == said
    error.__cause__ = ray.exceptions.RayError("")
    assert told(error) == said
