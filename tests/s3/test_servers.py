"""The S3 servers that other tests rely on answer, and the proxy does what it says."""

from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ResponseStreamingError
from pyarrow import fs

from tests.s3.servers import Kind, Proxy, Server

BODY = bytes(range(256)) * 400  # of 100 kB, as an image is


@pytest.fixture
def image(server: Server, bucket: str, tmp_path: Path) -> str:
    """The path of an object in a fresh bucket."""
    folder = tmp_path / "photos"
    (folder / "cats").mkdir(parents=True)
    (folder / "cats" / "1.jpg").write_bytes(BODY)
    (folder / "notes.txt").write_bytes(b"")
    assert server.put_folder(folder, bucket, "in/") == ["in/cats/1.jpg", "in/notes.txt"]
    return f"{bucket}/in/cats/1.jpg"


def is_get(method: str, path: str) -> bool:
    return method == "GET" and path.endswith(".jpg")


def read(filesystem: fs.FileSystem, path: str) -> bytes:
    with filesystem.open_input_file(path) as file:
        return bytes(file.read())


def test_pyarrow_reads_writes_and_lists(server: Server, bucket: str, image: str) -> None:
    filesystem = server.filesystem()
    with filesystem.open_output_stream(f"{bucket}/out/copy.jpg") as sink:
        sink.write(read(filesystem, image))
    assert read(filesystem, f"{bucket}/out/copy.jpg") == BODY
    assert server.keys(bucket) == ["in/cats/1.jpg", "in/notes.txt", "out/copy.jpg"]
    assert filesystem.get_file_info(f"{bucket}/nothing").type == fs.FileType.NotFound


def test_an_address_in_the_environment_is_enough(image: str) -> None:
    filesystem, path = fs.FileSystem.from_uri(f"s3://{image}?scheme=http")
    assert read(filesystem, path) == BODY


def test_every_bucket_is_new(server: Server, bucket: str) -> None:
    assert server.new_bucket() != bucket
    assert server.keys(bucket) == []


def test_an_upload_that_nobody_finished_is_seen(server: Server, bucket: str) -> None:
    with server.client() as client:
        client.create_multipart_upload(Bucket=bucket, Key="out/big.zip")
    assert server.unfinished_uploads(bucket) == ["out/big.zip"]
    assert server.keys(bucket) == []


def test_rclone_refuses_a_wrong_signature(rclone: Server) -> None:
    stranger = Server("stranger", rclone.endpoint, secret_key="wrong-secret-key", checksums=False)
    with stranger.client() as client, pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client.list_buckets()


def test_the_proxy_records_what_clients_ask_for(proxy: Proxy, bucket: str, image: str) -> None:
    assert read(proxy.server.filesystem(), image) == BODY
    assert [(seen.method, seen.path) for seen in proxy.requests] == [
        ("HEAD", f"/{image}"),
        ("GET", f"/{image}"),
    ]
    proxy.forget()
    with proxy.server.client() as client:
        client.put_object(Bucket=bucket, Key="out", Body=BODY)
        with pytest.raises(ClientError):
            client.head_object(Bucket=bucket, Key="nothing")
    assert [seen.status for seen in proxy.requests] == [200, 404]
    assert proxy.count("PUT", "/out") == 1


def test_a_large_upload_goes_through_the_proxy_in_parts(proxy: Proxy, bucket: str) -> None:
    filesystem = proxy.server.filesystem()
    with filesystem.open_output_stream(f"{bucket}/big") as sink:
        sink.write(BODY * 130)
    assert proxy.count("POST", "?uploads") == 1
    assert proxy.count("PUT", "partNumber=") >= 2
    assert read(filesystem, f"{bucket}/big") == BODY * 130


@pytest.mark.parametrize("kind", ["503", "reset", "cut"])
def test_pyarrow_recovers_from_a_fault(proxy: Proxy, image: str, kind: Kind) -> None:
    fault = proxy.fail(is_get, kind)
    assert read(proxy.server.filesystem(), image) == BODY
    assert fault.injected == 1
    assert [seen.fault for seen in proxy.requests] == [None, kind, None]


@pytest.mark.parametrize("kind", ["503", "reset", "cut"])
def test_pyarrow_gives_up_with_an_error(proxy: Proxy, image: str, kind: Kind) -> None:
    fault = proxy.fail(is_get, kind, times=9)
    with pytest.raises(OSError, match="GetObject"):
        read(proxy.server.filesystem(max_attempts=1), image)
    assert 1 <= fault.injected < 9  # libcurl repeats a reset request by itself


@pytest.mark.parametrize("kind", ["503", "reset"])
def test_botocore_recovers_from_a_fault(proxy: Proxy, bucket: str, image: str, kind: Kind) -> None:
    fault = proxy.fail(is_get, kind)
    with proxy.server.client() as client:
        answer = client.get_object(Bucket=bucket, Key=image.partition("/")[2])
        assert answer["Body"].read() == BODY
    assert fault.injected == 1
    assert proxy.count("GET") == 2


def test_botocore_leaves_a_cut_body_to_its_caller(proxy: Proxy, image: str) -> None:
    bucket, _, key = image.partition("/")
    proxy.fail(is_get, "cut")
    with proxy.server.client() as client:
        with pytest.raises(ResponseStreamingError):
            client.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == BODY
