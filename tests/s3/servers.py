"""S3 on this machine: two servers, and a proxy that counts requests and makes them fail."""

import http.client
import io
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Literal, Self
from uuid import uuid4

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from pyarrow import fs

BIN = Path(sys.executable).parent
START_SECONDS = 60
BLOCK = 1 << 16

Kind = Literal["503", "reset", "cut", "lost"]
Match = Callable[[str, str], bool]
Refusal = Callable[[str, Mapping[str, str]], tuple[int, str] | None]
"""From a request's method and headers to the status and code that it is refused with."""


@dataclass(frozen=True)
class Server:
    """An S3 endpoint on loopback, and what it takes to use it.

    Attributes:
        name: Which software answers: moto or rclone.
        endpoint: Host and port.
        checksums: Whether it understands the checksums that S3 clients now add unasked.
    """

    name: str
    endpoint: str
    access_key: str = "raydrift-test-key"
    secret_key: str = "raydrift-test-secret"
    region: str = "us-east-1"
    checksums: bool = True

    def environment(self) -> dict[str, str]:
        """What lets any S3 client find this server, and nothing of this machine's own."""
        variables = {
            "AWS_ENDPOINT_URL": f"http://{self.endpoint}",
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        if not self.checksums:
            variables["AWS_REQUEST_CHECKSUM_CALCULATION"] = "when_required"
            variables["AWS_RESPONSE_CHECKSUM_VALIDATION"] = "when_required"
        return variables

    def filesystem(self, max_attempts: int = 3, **options: Any) -> fs.S3FileSystem:
        """pyarrow's view; where `checksums` is false, `environment()` has to be set for writing."""
        return fs.S3FileSystem(
            access_key=self.access_key,
            secret_key=self.secret_key,
            endpoint_override=self.endpoint,
            scheme="http",
            region=self.region,
            retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=max_attempts),
            **options,
        )

    @contextmanager
    def client(self, max_attempts: int = 3) -> Iterator[BaseClient]:
        """botocore's view."""
        checksums = "when_supported" if self.checksums else "when_required"
        client = _session().create_client(
            "s3",
            region_name=self.region,
            endpoint_url=f"http://{self.endpoint}",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(
                s3={"addressing_style": "path"},
                retries={"mode": "standard", "total_max_attempts": max_attempts},
                request_checksum_calculation=checksums,
                response_checksum_validation=checksums,
            ),
        )
        try:
            yield client
        finally:
            client.close()

    def new_bucket(self) -> str:
        """Makes an empty bucket that no other test has."""
        name = f"test-{uuid4().hex[:12]}"
        with self.client() as client:
            client.create_bucket(Bucket=name)
        return name

    def put_folder(self, folder: Path, bucket: str, prefix: str = "") -> list[str]:
        """Copies the files below a folder to the bucket; their keys, sorted."""
        files = {
            prefix + path.relative_to(folder).as_posix(): path
            for path in folder.rglob("*")
            if path.is_file()
        }
        with self.client() as client:
            for key, path in files.items():
                client.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
        return sorted(files)

    def get_folder(self, bucket: str, prefix: str, folder: Path) -> Path:
        """Copies what the bucket has under a prefix to a folder, which it returns."""
        with self.client() as client:
            for key in self.keys(bucket, prefix):
                file = folder / key.removeprefix(prefix)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(client.get_object(Bucket=bucket, Key=key)["Body"].read())
        return folder

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys of the bucket, sorted."""
        with self.client() as client:
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return sorted(found["Key"] for page in pages for found in page.get("Contents", []))

    def unfinished_uploads(self, bucket: str) -> list[str]:
        """The keys whose multipart upload was neither completed nor aborted."""
        with self.client() as client:
            pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket)
            try:
                return sorted(found["Key"] for page in pages for found in page.get("Uploads", []))
            except client.exceptions.NoSuchUpload:  # what rclone says of none
                return []


@cache
def _session() -> botocore.session.Session:
    return botocore.session.Session()


@contextmanager
def moto(folder: Path, host: str = "127.0.0.1") -> Iterator[Server]:
    """A server that keeps its objects in memory; it answers as AWS does, but to any signature."""
    server = Server("moto", f"{host}:{free_port()}")
    host, port = server.endpoint.split(":")
    with running([sys.executable, "-m", "moto.server", "-H", host, "-p", port], server, folder):
        yield server


@contextmanager
def rclone(program: Path, folder: Path) -> Iterator[Server]:
    """A server that keeps its objects as files, and refuses a wrong signature.

    Its objects are files, so that a key that ends in a slash becomes a file as well: where pyarrow
    marks folders so (`create_dir`, `move`, `delete_file`), keys below them often fail.
    """
    server = Server("rclone", f"127.0.0.1:{free_port()}", checksums=False)
    root = folder / "buckets"
    root.mkdir()
    keys = f"{server.access_key},{server.secret_key}"
    # Its listings are cached but fresh. With --dir-cache-time 0 it is never idle again.
    options = ["--addr", server.endpoint, "--auth-key", keys, "--config", ""]
    with running([str(program), "serve", "s3", str(root), *options], server, folder):
        yield server


def rclone_program() -> Path | None:
    """An rclone that can serve S3; Debian's and Ubuntu's (1.60) is too old for it."""
    found = shutil.which("rclone", path=f"{BIN}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        return None
    text = subprocess.run([found, "serve", "s3", "--help"], capture_output=True, text=True)
    return Path(found) if "--auth-key" in text.stdout else None


@contextmanager
def running(command: list[str], server: Server, folder: Path) -> Iterator[None]:
    """Runs a server's process, and what that starts, from its first answer to the block's end."""
    log = folder / f"{server.name}.log"
    environment = {name: text for name, text in os.environ.items() if not name.startswith("AWS_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    try:
        wait_for(server, process, log)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def wait_for(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    host, port = server.endpoint.split(":")
    while True:
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        except (OSError, http.client.HTTPException):
            alive = process.poll() is None and time.monotonic() < deadline
            assert alive, f"{server.name} did not start:\n{log.read_text()}"
            time.sleep(0.05)
        finally:
            connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Request:
    """A request that reached the proxy: `path` has its query, `status` is 0 without an answer."""

    method: str
    path: str
    status: int
    fault: Kind | None = None


@dataclass
class Fault:
    """What goes wrong with the next requests that match."""

    match: Match
    kind: Kind
    times: int
    injected: int = 0


@dataclass
class Proxy:
    """An address in front of a server that records requests and makes some of them fail.

    Ask for faults before the requests that they are for::

        fault = proxy.fail(lambda method, path: method == "GET", kind="503", times=2)
        proxy.server.filesystem().open_input_stream("bucket/key").read()
        assert fault.injected == 2 and proxy.count("GET") == 3

    What the server does not do as AWS does is told by ``refusal`` and ``dropped``.

    It runs in this process: an output stream has to be closed, as pyarrow holds on to the GIL
    while it finishes one that was merely dropped.
    """

    origin: Server
    server: Server
    requests: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    refusal: Refusal = lambda method, headers: None
    dropped: tuple[str, ...] = ()

    @classmethod
    @contextmanager
    def before(cls, origin: Server) -> Iterator[Self]:
        """Runs a proxy in threads of this process."""
        with _Listener(("127.0.0.1", 0), _Exchange) as listener:
            listener.proxy = cls(origin, replace(origin, endpoint=listener.endpoint))
            Thread(target=listener.serve_forever, args=[0.01]).start()
            try:
                yield listener.proxy
            finally:
                listener.shutdown()
                listener.hang_up()

    def fail(self, match: Match, kind: Kind, times: int = 1) -> Fault:
        """Makes the next `times` requests whose method and path `match` fail.

        They fail with S3's `503 SlowDown`, with a reset of the connection before any answer, with
        a reset half-way through the answer's body, or by an answer that is lost: the server sees
        the last two.
        """
        fault = Fault(match, kind, times)
        with self.lock:
            self.faults.append(fault)
        return fault

    def count(self, method: str, part: str = "") -> int:
        """How many requests of this method had `part` in their path or query."""
        return sum(seen.method == method and part in seen.path for seen in self.requests)

    def forget(self) -> None:
        """Starts over: no request was seen, and none is to fail."""
        with self.lock:
            self.requests.clear()
            self.faults.clear()

    def _fault_for(self, method: str, path: str) -> Kind | None:
        with self.lock:
            for fault in self.faults:
                if fault.injected < fault.times and fault.match(method, path):
                    fault.injected += 1
                    return fault.kind
        return None


REFUSED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<Error><Code>{}</Code><Message>These are the words.</Message>"
    "<RequestId>0</RequestId></Error>"
)


class _Listener(ThreadingHTTPServer):
    """The proxy's sockets."""

    daemon_threads = False
    proxy: Proxy

    def __init__(self, *args: Any) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(*args)

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def hang_up(self) -> None:
        """Ends the connections that clients keep for later."""
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Exchange(BaseHTTPRequestHandler):
    """One client's connection: requests go on as they came, `Host` and signature included."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def do_GET(self) -> None:
        refused = self.server.proxy.refusal(self.command, self.headers)
        fault = self.server.proxy._fault_for(self.command, self.path) if refused is None else None
        try:
            if refused is not None:
                self.refuse(*refused, None)
            elif fault == "reset":
                self.note(0, fault)
                self.reset()
            elif fault == "503":
                self.refuse(503, "SlowDown", fault)
            else:
                self.forward(fault)
        except (OSError, http.client.HTTPException):  # one of the two sides is gone
            self.close_connection = True

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815

    def forward(self, fault: Kind | None) -> None:
        host, port = self.server.proxy.origin.endpoint.split(":")
        origin = http.client.HTTPConnection(host, int(port), timeout=60)
        try:
            origin.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            dropped = self.server.proxy.dropped
            for name, value in self.headers.items():
                if name.lower() in dropped:
                    continue
                origin.putheader(name, value)
            origin.endheaders()
            for block in self.body():
                origin.send(block)
            self.pass_on(origin.getresponse(), fault)
        finally:
            origin.close()

    def body(self) -> Iterator[bytes]:
        """The request's body as it is on the wire: in chunks, or as long as it says it is."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            size = 1
            while size:
                line = self.rfile.readline()
                if not line:
                    raise ConnectionError("the client is gone")
                size = int(line.split(b";")[0], 16)
                yield line + self.rfile.read(size) + self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length", 0))
        while left:
            block = self.rfile.read(min(left, BLOCK))
            if not block:
                raise ConnectionError("the client is gone")
            left -= len(block)
            yield block

    def pass_on(self, answer: http.client.HTTPResponse, fault: Kind | None) -> None:
        if fault == "lost":
            answer.read()
            self.note(0, fault)
            self.reset()
            return
        content: io.BufferedIOBase = answer
        length = answer.length
        if length is None:  # in chunks, as short answers are: it may as well have a length
            text = answer.read()
            content, length = io.BytesIO(text), len(text)
        self.note(answer.status, fault)
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.headers.items():
            if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                self.send_header(name, value)
        if self.command == "HEAD":
            length, said = 0, answer.headers.get("Content-Length")
        else:
            said = str(length)
        if said is not None and answer.status != 204:
            self.send_header("Content-Length", said)
        self.end_headers()
        left = length // 2 if fault == "cut" else length
        while left:
            block = content.read(min(left, BLOCK))
            self.wfile.write(block)
            left -= len(block)
        if fault == "cut":
            self.reset()

    def refuse(self, status: int, code: str, fault: Kind | None) -> None:
        for _ in self.body():
            pass
        self.note(status, fault)
        said = REFUSED.format(code).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said)

    def reset(self) -> None:
        """Drops the connection with a TCP reset rather than with a proper end."""
        self.server.open.discard(self.connection)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        self.close_connection = True

    def note(self, status: int, fault: Kind | None) -> None:
        with self.server.proxy.lock:
            self.server.proxy.requests.append(Request(self.command, self.path, status, fault))

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: requests are in `Proxy.requests`."""
