"""A place on S3: what is written, what is asked of the server, and what is left behind."""

import errno
import json
import os
import pickle
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pyarrow import fs

from raydrift.errors import SettingsError, reason
from raydrift.paths import StoragePath, s3
from raydrift.paths.s3_options import S3Options
from raydrift.paths.s3_upload import S3Upload
from tests.s3.servers import Kind, Proxy, Server

MB = 2**20


def options(server: Server, **others: Any) -> dict[str, Any]:
    """``storage_options`` for a server, so that the environment need not tell."""
    checksums = "when_supported" if server.checksums else "when_required"
    return {
        "key": server.access_key,
        "secret": server.secret_key,
        "endpoint_url": f"http://{server.endpoint}",
        "region": server.region,
        "checksums": checksums,
        **others,
    }


@pytest.fixture
def folder(server: Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> StoragePath:
    """A folder in an empty bucket, reached by options alone."""
    for name in server.environment():
        monkeypatch.delenv(name)
    return StoragePath.of(f"s3://{bucket}/a folder/é", options(server))


@pytest.fixture
def counted(proxy: Proxy, bucket: str) -> StoragePath:
    """A folder in an empty bucket behind a proxy."""
    return StoragePath.of(f"s3://{bucket}/out", options(proxy.server))


def test_the_environment_tells_all_that_options_do_not(server: Server, bucket: str) -> None:
    place = StoragePath.of(f"s3://{bucket}/out") / "a.bin"
    place.write_bytes(b"written")
    assert place.read_bytes() == b"written"
    assert server.keys(bucket) == ["out/a.bin"]


def test_a_uri_may_tell_all_too(server: Server, bucket: str) -> None:
    query = f"endpoint_override={server.endpoint}&scheme=http&region={server.region}"
    login = f"{server.access_key}:{server.secret_key}"
    place = StoragePath.of(f"s3://{login}@{bucket}/out?{query}", {"checksums": "when_required"})
    (place / "a.bin").write_bytes(b"written")
    assert server.keys(bucket) == ["out/a.bin"]
    assert (place / "a.bin").path == f"{bucket}/out/a.bin"
    assert server.secret_key not in f"{place} {place!r}"


def test_bytes_come_back_and_files_are_listed(folder: StoragePath) -> None:
    (folder / "a.bin").write_bytes(b"\0\xff")
    (folder / "b c?d#e%20.bin").write_bytes(b"")
    (folder / "below" / "c.bin").write_bytes(b"123")
    assert (folder / "a.bin").read_bytes() == b"\0\xff"
    assert (folder / "b c?d#e%20.bin").read_bytes() == b""
    assert folder.names() == {"a.bin": 2, "b c?d#e%20.bin": 0}
    kinds = [(folder / name).info().type for name in ("a.bin", "below", "nothing")]
    assert kinds == [fs.FileType.File, fs.FileType.Directory, fs.FileType.NotFound]


def test_no_object_stands_for_a_folder(folder: StoragePath, server: Server, bucket: str) -> None:
    folder.create()
    (folder / "below" / "a.bin").write_bytes(b"1")
    (folder / "below" / "a.bin").delete()
    assert server.keys(bucket) == []


def test_delete_takes_a_folder_with_all_that_is_in_it(
    folder: StoragePath, server: Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "_DELETED_AT_ONCE", 2)
    for number in range(5):
        (folder / "gone" / f"{number}" / "a.bin").write_bytes(b"1")
    (folder / "gone too").write_bytes(b"1")
    (folder / "stays").write_bytes(b"1")
    for name in ("gone", "gone too", "never was"):
        (folder / name).delete()
    assert server.keys(bucket) == ["a folder/é/stays"]


def test_a_pickled_place_connects_again(folder: StoragePath) -> None:
    (folder / "a.bin").write_bytes(b"1")
    copy = pickle.loads(pickle.dumps(folder / "a.bin"))
    assert copy.read_bytes() == b"1"
    assert (copy.path, str(copy), copy.s3) == (
        f"{folder.path}/a.bin",
        f"{folder}/a.bin",
        folder.s3,
    )


def test_the_endpoint_travels_with_a_place(
    server: Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers on other machines do not have the driver's environment."""
    packed = pickle.dumps(StoragePath.of(f"s3://{bucket}/out"))
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    place = pickle.loads(packed) / "a.bin"
    place.write_bytes(b"1")
    assert (place.read_bytes(), server.keys(bucket)) == (b"1", ["out/a.bin"])


def test_both_clients_have_the_credentials_that_botocore_finds(
    rclone: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here of a profile that asks a program; the server refuses all others."""
    bucket = rclone.new_bucket()
    for name, value in rclone.environment().items():
        monkeypatch.setenv(name, value)
    answer = {
        "Version": 1,
        "AccessKeyId": rclone.access_key,
        "SecretAccessKey": rclone.secret_key,
    }
    (tmp_path / "answer").write_text(json.dumps(answer))
    (tmp_path / "config").write_text(
        f"[profile mine]\ncredential_process = cat {tmp_path}/answer\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    place = StoragePath.of(f"s3://{bucket}/out")
    (place / "a.bin").write_bytes(b"1")
    assert (place / "a.bin").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("uri", "environment", "message"),
    [
        ("s3://AKIA:abc/defS3CRET@bucket/x", {}, "a secret with a slash in it: write the slash"),
        ("s3://", {}, "names no bucket: write s3://BUCKET/PATH"),
        ("s3://b/x", {"AWS_ENDPOINT_URL": "localhost:9000"}, "ValueError: Invalid endpoint"),
        ("s3://b/x", {"AWS_DEFAULT_REGION": "eu west"}, "Provided region_name 'eu west'"),
        ("s3://b/x", {"AWS_ACCESS_KEY_ID": "S3CRET"}, "Partial credentials found"),
        ("s3://b/x", {"AWS_PROFILE": "nope"}, "The config profile (nope) could not be found"),
    ],
)
def test_what_often_goes_wrong_is_told_in_one_line(
    uri: str, environment: Mapping[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"AWS_DEFAULT_REGION": "eu-west-1", **environment}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        StoragePath.of(uri)
    assert message in str(error.value)
    assert "S3CRET" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_bucket_that_is_not_there_is_told(server: Server) -> None:
    with pytest.raises(FileNotFoundError):
        StoragePath.of("s3://no-such-bucket/out", options(server)).create()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://127.0.0.1:9", "Could not connect to server"),
        ("http://nowhere.invalid", "Could not resolve hostname"),
    ],
)
def test_a_store_that_cannot_be_reached_is_told_with_its_address(address: str, why: str) -> None:
    login = {"key": "key", "secret": "secret", "region": "eu-west-1", "attempts": 1}
    place = replace(
        StoragePath.of("s3://bucket/out", {"endpoint_url": address, **login}), hurried=True
    )
    remedy = (
        "check the network, and the address, which AWS_ENDPOINT_URL or "
        "storage_options.endpoint_url sets"
    )
    for call, said in ((place.info, why), (place.create, "no connection")):
        with pytest.raises(OSError, match=r"store") as error:
            call()
        assert reason(error.value) == f"the store at {address} cannot be reached ({said}): {remedy}"
        assert error.value.errno == errno.EIO, "it may pass"


def test_a_wrong_secret_is_told_without_it(rclone: Server) -> None:
    wrong = options(rclone, secret="not-the-secret-of-it")
    place = StoragePath.of(f"s3://{rclone.new_bucket()}/out", wrong)
    with pytest.raises(PermissionError) as error:
        (place / "a.bin").write_bytes(b"1")
    assert "SignatureDoesNotMatch" in str(error.value)
    assert "not-the-secret-of-it" not in str(error.value)
    with pytest.raises(OSError, match=r"ACCESS_DENIED|HTTP status 403") as read_error:
        (place / "a.bin").read_bytes()
    assert "not-the-secret-of-it" not in str(read_error.value)


class TestRequests:
    """How many there are: at scale they cost as much as the bytes."""

    def test_a_file_is_written_in_one(self, counted: StoragePath, proxy: Proxy) -> None:
        (counted / "shard").write_bytes(os.urandom(40 * MB))
        assert [(seen.method, seen.status) for seen in proxy.requests] == [("PUT", 200)]

    def test_a_file_is_read_in_two(self, counted: StoragePath, proxy: Proxy) -> None:
        (counted / "image").write_bytes(os.urandom(3 * MB))
        proxy.forget()
        assert len((counted / "image").read_bytes()) == 3 * MB
        assert [seen.method for seen in proxy.requests] == ["HEAD", "GET"]

    def test_a_large_file_is_written_in_parts(self, counted: StoragePath, proxy: Proxy) -> None:
        content = os.urandom(41 * MB)
        with (counted / "zip").writing() as sink:
            for start in range(0, len(content), 5 * MB):
                sink.write(content[start : start + 5 * MB])
        seen = sorted((one.method, "partNumber" in one.path) for one in proxy.requests)
        assert seen == [("POST", False), ("POST", False), *[("PUT", True)] * 3]
        assert (counted / "zip").read_bytes() == content

    def test_a_small_one_is_not(self, counted: StoragePath, proxy: Proxy) -> None:
        with (counted / "table").writing(expected_bytes=100 * MB) as sink:
            sink.write(b"small")
        assert [seen.method for seen in proxy.requests] == ["PUT"]
        assert (counted / "table").read_bytes() == b"small"


@pytest.mark.parametrize("server", ["moto"], indirect=True)  # the proxy's faults are the same
class TestFaults:
    @pytest.mark.parametrize("kind", ["503", "reset", "cut"])
    def test_a_read_that_fails_is_done_again(
        self, counted: StoragePath, proxy: Proxy, kind: Kind
    ) -> None:
        content = os.urandom(MB)
        (counted / "image").write_bytes(content)
        fault = proxy.fail(lambda method, path: method == "GET", kind, times=3)
        assert (counted / "image").read_bytes() == content
        assert fault.injected == 3

    @pytest.mark.parametrize("kind", ["503", "reset"])
    def test_a_write_that_fails_is_done_again(
        self, counted: StoragePath, proxy: Proxy, kind: Kind
    ) -> None:
        content = os.urandom(MB)
        fault = proxy.fail(lambda method, path: method == "PUT", kind, times=5)
        (counted / "shard").write_bytes(content)
        assert fault.injected == 5
        assert (counted / "shard").read_bytes() == content

    @pytest.mark.parametrize("kind", ["503", "reset"])
    def test_a_part_that_fails_is_sent_again(
        self, counted: StoragePath, proxy: Proxy, kind: Kind
    ) -> None:
        content = os.urandom(40 * MB)
        fault = proxy.fail(lambda method, path: "partNumber=2" in path, kind, times=2)
        with (counted / "zip").writing() as sink:
            sink.write(content)
        assert fault.injected == 2
        assert (counted / "zip").read_bytes() == content

    def test_an_upload_begins_and_ends_in_spite_of_failures(
        self, counted: StoragePath, proxy: Proxy
    ) -> None:
        content = os.urandom(20 * MB)
        fault = proxy.fail(lambda method, path: method == "POST" and "uploads" in path, "503", 3)
        other = proxy.fail(lambda method, path: method == "POST" and "uploadId" in path, "503", 3)
        with (counted / "zip").writing() as sink:
            sink.write(content)
        assert (fault.injected, other.injected) == (3, 3)
        assert (counted / "zip").read_bytes() == content

    def test_a_store_that_deletes_only_one_by_one_is_emptied_so(
        self, counted: StoragePath, proxy: Proxy, bucket: str
    ) -> None:
        for name in "abc":
            (counted / "below" / name).write_bytes(b"1")
        proxy.fail(lambda method, path: method == "POST" and "delete" in path, "503", 99)
        (counted / "below").delete()
        assert proxy.origin.keys(bucket) == []
        assert proxy.count("DELETE") == 3

    @pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
    def test_an_upload_that_is_given_up_leaves_nothing(
        self, folder: StoragePath, server: Server, bucket: str, stop: type[BaseException]
    ) -> None:
        (folder / "zip").write_bytes(b"old")

        def interrupted() -> None:
            with (folder / "zip").writing() as sink:
                sink.write(os.urandom(20 * MB))
                raise stop

        with pytest.raises(stop):
            interrupted()
        assert (folder / "zip").read_bytes() == b"old"
        assert server.unfinished_uploads(bucket) == []

    def test_a_part_that_cannot_be_sent_ends_the_upload(
        self, proxy: Proxy, bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("raydrift.paths.retries.ATTEMPTS", 2)
        place = StoragePath.of(f"s3://{bucket}/zip", options(proxy.server, attempts=2))
        proxy.fail(lambda method, path: "partNumber=1" in path, "503", times=100)

        def written() -> None:
            with place.writing() as sink:
                sink.write(os.urandom(20 * MB))

        with pytest.raises(OSError, match="SlowDown"):
            written()
        assert proxy.origin.keys(bucket) == []
        assert proxy.origin.unfinished_uploads(bucket) == []

    def test_what_a_killed_writer_left_is_aborted(
        self, folder: StoragePath, server: Server, bucket: str
    ) -> None:
        assert folder.s3 is not None
        for name in ("mine.zip", "other.zip"):
            upload = S3Upload(folder.s3.client, bucket, f"a folder/é/{name}", expected_bytes=0)
            upload.write(os.urandom(17 * MB))
        assert len(server.unfinished_uploads(bucket)) == 2
        folder.remove_unfinished(["mine.zip"])
        assert server.unfinished_uploads(bucket) == ["a folder/é/other.zip"]
        folder.remove_unfinished(["mine.zip", "other.zip"])
        assert server.unfinished_uploads(bucket) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"endpoint": "x"}, "unknown key storage_options.endpoint for s3://: did you mean "),
        ({"key": "a"}, "storage_options: key and secret come together"),
        ({"secret": 5, "key": "a"}, "storage_options.secret is not a str"),
        ({"checksums": "never"}, "storage_options.checksums is 'never': choose from: when_supp"),
        ({"attempts": 0}, "storage_options.attempts: give at least 1"),
        (
            {"endpoint_url": "localhost:1"},
            "storage_options.endpoint_url: write http:// or https://",
        ),
    ],
)
def test_options_that_cannot_be_are_told(values: Mapping[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as error:
        S3Options.parse(values)
    assert str(error.value).startswith(message)


def test_parts_are_as_many_as_s3_takes(folder: StoragePath) -> None:
    assert folder.s3 is not None
    sizes = {
        expected: S3Upload(folder.s3.client, "b", "k", expected).part_bytes
        for expected in (0, 10**9, 10**12, 4 * 10**12)
    }
    assert sizes == {0: 16 * MB, 10**9: 16 * MB, 10**12: 106 * MB, 4 * 10**12: 424 * MB}
    assert all(expected / part <= 10_000 for expected, part in sizes.items())
