"""Events in the standard logging: JSON for machines, no credentials, and by default for nobody."""

import json
import logging
import subprocess
import sys
from datetime import datetime

import pytest

from raydrift.log import LOGGER, JsonLines, log_event


def line_of(record: logging.LogRecord) -> dict[str, object]:
    text = JsonLines().format(record)
    assert "\n" not in text
    found = json.loads(text)
    assert isinstance(found, dict)
    return found


def test_an_event_is_a_message_and_its_facts(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "raydrift"):
        log_event(logging.WARNING, "rejected", "shard 3: 猫 100 %", run="0a1b", shard=3, first=None)
    (record,) = caplog.records
    line = line_of(record)
    time = datetime.fromisoformat(str(line.pop("time")))
    assert time.timestamp() == pytest.approx(record.created, abs=1e-3)
    assert line == {
        "level": "WARNING",
        "message": "shard 3: 猫 100 %",
        "event": "rejected",
        "run": "0a1b",
        "shard": 3,
    }


def test_credentials_are_in_neither_message_nor_facts(caplog: pytest.LogCaptureFixture) -> None:
    secret = "https://key:s3cret@host/a.jpg?X-Amz-Signature=s3cret"
    log_event(logging.WARNING, "again", f"cannot read {secret}", first=f"{secret}: timeout")
    (record,) = caplog.records
    assert "s3cret" not in json.dumps(line_of(record)) + str(vars(record))
    assert line_of(record)["message"] == "cannot read https://***@host/a.jpg?X-Amz-Signature=***"


def test_an_error_that_is_logged_along_is_in_the_same_line() -> None:
    try:
        raise OSError("no access to s3://key:s3cret@bucket")
    except OSError:
        record = LOGGER.makeRecord("raydrift", 40, "f", 1, "lost", (), sys.exc_info())
    error = str(line_of(record)["error"])
    assert error.startswith("Traceback")
    assert error.endswith("OSError: no access to s3://***@bucket")


def test_what_others_put_into_a_record_does_no_harm() -> None:
    record = LOGGER.makeRecord("raydrift", 20, "f", 1, "%s of %s", (1, 2), None)
    record._ray_timestamp_ns = 1
    record.place = object
    line = line_of(record)
    assert line["message"] == "1 of 2"
    assert line.keys() == {"time", "level", "message", "place"}


def test_without_a_handler_nobody_is_told() -> None:
    code = "import logging, raydrift.log as log; log.log_event(logging.ERROR, 'failed', 'lost')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_with_the_standard_set_up_it_is_a_line_like_others() -> None:
    code = "import logging, raydrift.log as log; logging.basicConfig(); "
    code += "log.log_event(logging.INFO, 'begin', 'now'); "
    code += "log.log_event(logging.ERROR, 'failed', 'lost')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "ERROR:raydrift:lost\n"
