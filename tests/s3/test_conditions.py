"""Stores that speak like S3 but not all of it, and answers that are lost."""

import json
import os
import time
from collections.abc import Callable, Mapping

import pytest

from raydrift.errors import LockedError
from raydrift.paths import FilePart, StoragePath, retries, s3_upload
from raydrift.storage.lock import OutputLock
from tests.s3.servers import Proxy, Server
from tests.s3.test_storage_path import options

MB = 2**20
pytestmark = pytest.mark.parametrize("server", ["moto"], indirect=True)

CONDITIONS = ("if-match", "if-none-match")


@pytest.fixture
def output(proxy: Proxy, bucket: str) -> StoragePath:
    """An empty folder behind the proxy."""
    return StoragePath.of(f"s3://{bucket}/out", options(proxy.server))


def has_condition(method: str, headers: Mapping[str, str]) -> bool:
    return method == "PUT" and any(name.lower() in CONDITIONS for name in headers)


def refusing(status: int, code: str) -> Callable[[str, Mapping[str, str]], tuple[int, str] | None]:
    return lambda method, headers: (status, code) if has_condition(method, headers) else None


def leave_lock(place: StoragePath, owner: str = "somebody", renewed: int = 3) -> None:
    content = {"owner": owner, "host": "far-away", "pid": 1, "machine": "x", "renewed": renewed}
    (place / "run.lock").write_bytes(json.dumps(content).encode())


class TestConditions:
    def test_a_store_that_knows_them_never_writes_over_another(self, output: StoragePath) -> None:
        file = output / "a"
        assert file.write_new(b"first")
        assert not file.write_new(b"second")
        content, tag = file.read_tagged()
        assert content == b"first"
        assert file.write_over(b"third", tag)
        assert not file.write_over(b"fourth", tag)
        file_tag = file.read_tagged()
        file.delete()
        assert not file.write_over(b"fifth", file_tag[1])
        assert output.names() == {}

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (501, "NotImplemented"),
            pytest.param(405, "MethodNotAllowed", marks=pytest.mark.slow),
            pytest.param(400, "InvalidArgument", marks=pytest.mark.slow),
            (412, "PreconditionFailed"),  # as if no tag ever were the one that the store has
        ],
    )
    def test_a_store_that_refuses_them_has_a_lock_all_the_same(
        self, output: StoragePath, proxy: Proxy, status: int, code: str
    ) -> None:
        proxy.refusal = refusing(status, code)
        start = time.monotonic()
        with OutputLock(output, 0.3) as lock:
            time.sleep(1)
            lock.check()
            with pytest.raises(LockedError, match="another run is at work"):
                OutputLock(StoragePath.of(str(output), options(proxy.server)), 0.3).__enter__()
        assert time.monotonic() - start < 15, "nothing is tried again and again"
        refused = [one for one in proxy.requests if one.status == status]
        assert 1 <= len(refused) <= (6 if status == 412 else 2), "it is remembered"
        assert output.names() == {}
        leave_lock(output)
        with OutputLock(output, 0.1) as lock:
            assert b"somebody" not in (output / "run.lock").read_bytes()

    def test_a_store_that_passes_them_over_has_one_too(
        self, output: StoragePath, proxy: Proxy
    ) -> None:
        proxy.dropped = CONDITIONS
        leave_lock(output)
        with OutputLock(output, 0.3), pytest.raises(LockedError, match="another run is at work"):
            OutputLock(output, 0.3).__enter__()
        assert output.names() == {}

    def test_of_two_that_take_over_a_lock_at_once_one_writes(
        self, output: StoragePath, proxy: Proxy, bucket: str
    ) -> None:
        leave_lock(output)
        beside = StoragePath.of(f"s3://{bucket}/out", options(proxy.origin))

        def first_the_other(method: str, headers: Mapping[str, str]) -> None:
            if has_condition(method, headers):
                proxy.refusal = lambda method, headers: None
                leave_lock(beside, owner="quicker")

        proxy.refusal = first_the_other

        def renewed(line: str) -> None:
            if "waiting" in line and b"quicker" in (beside / "run.lock").read_bytes():
                leave_lock(beside, owner="quicker", renewed=4)

        with pytest.raises(LockedError, match="far-away"):
            OutputLock(output, 0.2, renewed).__enter__()
        assert b"quicker" in (beside / "run.lock").read_bytes()


class TestLostAnswers:
    """The upload is complete, and whoever asks again hears that there is none."""

    def test_of_an_upload(self, output: StoragePath, proxy: Proxy) -> None:
        content = os.urandom(20 * MB)
        fault = proxy.fail(lambda method, path: method == "POST" and "uploadId" in path, "lost")
        with (output / "zip").writing() as sink:
            sink.write(content)
        assert fault.injected == 1
        assert proxy.count("PUT", "partNumber") == 2, "nothing is sent twice"
        assert (output / "zip").read_bytes() == content

    def test_of_an_upload_in_pieces(self, output: StoragePath, proxy: Proxy) -> None:
        content = os.urandom(11 * MB)
        fault = proxy.fail(lambda method, path: method == "POST" and "uploadId" in path, "lost")
        with (output / "zip").writing_parts(len(content), 2) as file:
            for number, start in enumerate((0, 6 * MB)):
                end = 6 * MB if number == 0 else len(content)
                file.take(file.writer.put(FilePart(number, start), [content[start:end]]))
        assert fault.injected == 1
        assert proxy.count("PUT", "partNumber") == 2
        assert (output / "zip").read_bytes() == content

    def test_an_older_object_is_not_taken_for_it(
        self, output: StoragePath, monkeypatch: pytest.MonkeyPatch, server: Server, bucket: str
    ) -> None:
        """Somebody has aborted the upload, and an object of the same size is there."""
        monkeypatch.setattr(s3_upload, "_CLOCK_STEPS", -s3_upload._CLOCK_STEPS)
        monkeypatch.setattr(retries, "ATTEMPTS", 2)
        old, new = os.urandom(6 * MB), os.urandom(6 * MB)
        (output / "zip").write_bytes(old)

        def written() -> None:
            with (output / "zip").writing_parts(len(new), 2) as file:
                file.take(file.writer.put(FilePart(0, 0), [new]))
                with server.client() as client:
                    (left,) = client.list_multipart_uploads(Bucket=bucket)["Uploads"]
                    name = {"Bucket": bucket, "Key": left["Key"], "UploadId": left["UploadId"]}
                    client.abort_multipart_upload(**name)

        with pytest.raises(OSError, match=r"500: Internal Server Error|NoSuchUpload"):
            written()
        assert (output / "zip").read_bytes() == old
