"""Credentials that end while a place is in use: renewed, missed for a while, gone for good."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.utils import ContainerMetadataFetcher

from raydrift.engine.data.reader import Reader
from raydrift.errors import LockedError, OutputError, PipelineError, SettingsError
from raydrift.paths import CredentialsError, StoragePath, retries
from raydrift.paths.s3_login import Keys
from raydrift.paths.secrecy import Secret
from raydrift.storage.lock import OutputLock
from tests.s3.credentials import Issuer, strict_store
from tests.s3.servers import Proxy, Server

MB = 2**20
LIFE_S = 1.5


@pytest.fixture
def strict(moto: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Proxy, Issuer, str]]:
    """A store whose keys end after a moment, who hands them out, and an empty bucket."""
    bucket = moto.new_bucket()
    monkeypatch.setattr(ContainerMetadataFetcher, "SLEEP_TIME", 0)  # between tries of its own
    with strict_store(moto, LIFE_S) as (proxy, issuer):
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            monkeypatch.delenv(name)
        for name, value in issuer.environment(proxy.server).items():
            monkeypatch.setenv(name, value)
        yield proxy, issuer, bucket


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tries are enough."""
    monkeypatch.setattr(retries, "ATTEMPTS_FOR_CREDENTIALS", 2)


@pytest.mark.parametrize(
    "ended",
    [
        (400, "ExpiredToken"),
        pytest.param((403, "InvalidAccessKeyId"), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_a_place_that_is_kept_has_the_keys_of_the_moment(
    strict: tuple[Proxy, Issuer, str], ended: tuple[int, str]
) -> None:
    """All that is done with it, for longer than two keys live."""
    _, issuer, bucket = strict
    issuer.ended = ended
    folder = StoragePath.of(f"s3://{bucket}/out")
    kept, content, part = folder / "kept", os.urandom(1000), bytes(17 * MB)
    kept.write_bytes(content)
    end = time.monotonic() + 2.5 * LIFE_S
    with kept.open_here_and_there() as file, (folder / "large").writing() as sink:
        for number in range(100):
            assert kept.read_bytes() == content
            assert kept.read_part(20, 985) == content[985:]
            assert file.read_at(10, number) == content[number : number + 10]
            sink.write(part)
            (folder / f"{number}").write_bytes(b"1")
            assert folder.names()[f"{number}"] == 1
            (folder / f"{number}").delete()
            if time.monotonic() > end:
                break
            time.sleep(0.5)
    assert (folder / "large").info().size == (number + 1) * len(part)
    assert len(issuer.issued) > 2


def test_a_refusal_that_comes_after_new_keys_is_not_for_good(
    strict: tuple[Proxy, Issuer, str],
) -> None:
    """One thread asks with the old ones while another renews them."""
    _, issuer, bucket = strict
    issuer.ended = (403, "InvalidTokenId")
    file = StoragePath.of(f"s3://{bucket}/out") / "a"
    file.write_bytes(b"1")
    old, issued = file.filesystem, len(issuer.issued)
    issuer.end_all()
    assert file.read_bytes() == b"1"
    assert len(issuer.issued) > issued
    assert file.s3 is not None
    keys = file.s3.login.current()
    with pytest.raises(OSError, match="ACCESS_DENIED") as caught:
        old.get_file_info(file.path)
    file.s3._check_login(caught.value, keys, file.path)
    with pytest.raises(CredentialsError, match="others have come meanwhile"):
        file.s3._check_login(caught.value, Keys(Secret("old"), Secret("old")), file.path)


def test_a_lock_is_renewed_with_new_keys(strict: tuple[Proxy, Issuer, str]) -> None:
    _, issuer, bucket = strict
    output = StoragePath.of(f"s3://{bucket}/out")
    with OutputLock(output, renewed_every_s=0.5) as lock:
        issuer.end_all()
        for _ in range(4):
            time.sleep(0.5)
            lock.check()
        with pytest.raises(LockedError, match="another run is at work"):
            OutputLock(StoragePath.of(f"s3://{bucket}/out"), renewed_every_s=0.5).__enter__()
        lock.check()
    assert output.names() == {}


def test_who_cannot_renew_the_lock_is_told_before_another_may_take_it(
    strict: tuple[Proxy, Issuer, str],
) -> None:
    proxy, _, bucket = strict
    with OutputLock(StoragePath.of(f"s3://{bucket}/out"), renewed_every_s=1.0) as lock:
        renewed = time.monotonic()
        proxy.refusal = lambda method, headers: (400, "ExpiredToken")
        with pytest.raises(OutputError) as caught:  # noqa: PT012
            while True:
                lock.check()
                time.sleep(0.05)
        assert 1.9 < time.monotonic() - renewed < 4.5
    told = str(caught.value)
    assert told.startswith(f"output s3://{bucket}/out: its lock could not be renewed for ")
    assert " s (the credentials have expired (ExpiredToken: These are the words.): log in" in told
    assert told.endswith(
        "another run may take it: what is finished is kept, the same command goes on"
    )


def test_keys_that_cannot_be_renewed_are_used_while_they_are_taken(
    strict: tuple[Proxy, Issuer, str],
) -> None:
    _, issuer, bucket = strict
    file = StoragePath.of(f"s3://{bucket}/out") / "a"
    file.write_bytes(b"1")
    key = next(reversed(issuer.issued))
    issuer.issued[key] = time.time() + 60
    issuer.failing = 10**6
    end = time.monotonic() + 2.5
    while time.monotonic() < end:
        assert file.read_bytes() == b"1"
        file.write_bytes(b"1")
    assert issuer.asked < 20, "it is not asked at each request"


def test_a_renewal_that_fails_for_a_while_is_waited_for(
    strict: tuple[Proxy, Issuer, str],
) -> None:
    """botocore asks three times, which it takes for one failure."""
    _, issuer, bucket = strict
    file = StoragePath.of(f"s3://{bucket}/out") / "a"
    file.write_bytes(b"1")
    for use in (file.read_bytes, lambda: file.write_bytes(b"1")):
        issuer.end_all()
        issuer.failing = 4
        use()
        assert issuer.failing == 0


@pytest.mark.usefixtures("impatient")
def test_the_message_says_that_they_have_expired_and_what_to_do(
    strict: tuple[Proxy, Issuer, str],
) -> None:
    """The issuer goes on handing out a key that the store no longer takes."""
    proxy, issuer, bucket = strict
    folder = StoragePath.of(f"s3://{bucket}/out")
    (folder / "a").write_bytes(b"1")
    proxy.refusal = lambda method, headers: (400, "ExpiredToken")
    for use in ((folder / "a").read_bytes, folder.names, lambda: (folder / "a").write_bytes(b"1")):
        with pytest.raises(CredentialsError, match=r"the credentials have expired \(ExpiredToken"):
            use()
    reader = Reader(folder, 10)
    with pytest.raises(PipelineError) as caught:
        list(reader.fetch(["a"]))
    assert str(caught.value) == (
        f"input s3://{bucket}/out cannot be read: the credentials have expired (ExpiredToken: "
        "These are the words.): log in again, or give credentials that renew themselves, as those "
        "of a role: what is finished is kept, the same command goes on"
    )
    proxy.refusal = issuer.refusal
    assert list(reader.fetch(["a"])) == [b"1"]


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidToken", "RequestExpired"])
@pytest.mark.parametrize("status", [400, 403])
def test_expired_keys_of_storage_options_are_told_at_once(
    strict: tuple[Proxy, Issuer, str], status: int, code: str
) -> None:
    """No second look brings others."""
    proxy, _, bucket = strict
    given = {"key": "AKIAOLD", "secret": "S3CRET", "token": "T0KEN"}
    folder = StoragePath.of(f"s3://{bucket}/out", given)
    proxy.refusal = lambda method, headers: (status, code)
    for use in ((folder / "a").read_bytes, folder.names, lambda: (folder / "a").write_bytes(b"1")):
        proxy.forget()
        with pytest.raises(CredentialsError, match="the credentials of storage_options") as caught:
            use()
        assert "give new ones, or none" in str(caught.value)
        assert not {"S3CRET", "T0KEN"} & set(str(caught.value).split())
        assert len(proxy.requests) <= 4


def test_keys_that_a_tool_writes_anew_are_taken_up(
    strict: tuple[Proxy, Issuer, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, issuer, bucket = strict
    monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))

    def write(key: str) -> None:
        lines = [f"aws_access_key_id={key}", "aws_secret_access_key=b", "aws_session_token=c"]
        (tmp_path / "credentials").write_text("\n".join(["[default]", *lines]))
        issuer.issued[key] = time.time() + 60

    write("first")
    folder = StoragePath.of(f"s3://{bucket}/out")
    (folder / "a").write_bytes(b"1")
    for number in range(2):
        issuer.end_all()
        write(f"next-{number}")
        if number == 1:
            del issuer.issued["next-0"]  # a store may forget a key that has ended
        assert (folder / "a").read_bytes() == b"1"
        (folder / "a").write_bytes(b"1")


@pytest.mark.slow
def test_no_credentials_at_all_are_told_soon(
    strict: tuple[Proxy, Issuer, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, bucket = strict
    monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    folder, start = StoragePath.of(f"s3://{bucket}/out"), time.monotonic()
    for use in (folder.names, lambda: (folder / "a").write_bytes(b"1")):
        with pytest.raises(CredentialsError, match="no credentials were found: set AWS_PROFILE"):
            use()
    assert time.monotonic() - start < 20


def test_a_service_that_hands_out_none_is_told_at_the_start(
    strict: tuple[Proxy, Issuer, str],
) -> None:
    _, issuer, bucket = strict
    issuer.failing = 10**6
    with pytest.raises(SettingsError, match=r"^s3://.*/out: the credentials cannot be renewed \("):
        StoragePath.of(f"s3://{bucket}/out")


def test_a_table_is_read_bit_by_bit_while_keys_end(strict: tuple[Proxy, Issuer, str]) -> None:
    _, issuer, bucket = strict
    file, sink = StoragePath.of(f"s3://{bucket}/table"), pa.BufferOutputStream()
    table = pa.table({"a": range(40)})
    pq.write_table(table, sink, row_group_size=10)
    file.write_bytes(sink.getvalue())
    with file.open_here_and_there() as opened:
        parts = pq.ParquetFile(opened)
        found = []
        for group in range(4):
            issuer.end_all()
            found.append(parts.read_row_group(group))
    assert pa.concat_tables(found).equals(table)
