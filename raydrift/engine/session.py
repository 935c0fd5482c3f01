"""The connection to Ray: started here, or found."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray.data import DataContext

from raydrift.cpus import usable_cpus
from raydrift.engine.address import address_of, check_address
from raydrift.engine.ray_private import is_on_found_cluster
from raydrift.errors import ResourcesError
from raydrift.settings.cluster import ClusterSettings

_CONNECTING = threading.Lock()  # Ray can be started once in a process
_GIVE_BACK_S = 3.0
_NO_PROGRESS_TIMEOUT_S = 24 * 3600
_NEVER = -1.0  # a worker that has nothing to do for a while stays: another would have to start
_ARROW_POOL = "ARROW_DEFAULT_MEMORY_POOL"
_LEAN = "system"  # Arrow's own pool keeps what the largest shards once took


@dataclass(frozen=True)
class Resources:
    """What Ray has free."""

    cpus: int
    gpus: int


def connect(cluster: ClusterSettings, cpus: int | None = None) -> None:
    """Connects this process to Ray, unless it is connected already.

    Without an address it starts Ray on this machine, with the dashboard off; ``RAY_ADDRESS``, which
    ``ray job submit`` sets, goes before that. A connection stays until the process ends, whichever
    thread asked for it; several may at once.

    Args:
        cluster: Where Ray is.
        cpus: What a Ray that is started here takes for its CPUs; None: those of this machine.

    Raises:
        ResourcesError: There is no cluster at the address, it has other versions of Python or Ray,
            or Ray cannot be started here.
    """
    with _CONNECTING:
        if ray.is_initialized():
            return
        if threading.current_thread() is threading.main_thread():
            _connect(cluster, cpus)
        else:
            _in_a_thread_that_stays(partial(_connect, cluster, cpus))


def _connect(cluster: ClusterSettings, cpus: int | None) -> None:
    check_address(cluster)
    address = address_of(cluster)
    options: dict[str, Any] = {"log_to_driver": cluster.verbose}
    if not cluster.verbose:
        options["logging_level"] = logging.ERROR
    if address == "local":
        options["include_dashboard"] = False
        options["num_cpus"] = cpus or usable_cpus()
    elif "RAY_JOB_CONFIG_JSON_ENV_VAR" not in os.environ:
        # Workers elsewhere run the code that this driver has, installed there or not.
        options["runtime_env"] = {
            "py_modules": [str(Path(__file__).parents[1])],
            "env_vars": {_ARROW_POOL: os.environ.get(_ARROW_POOL, _LEAN)},
        }
    try:
        with _quiet(cluster.verbose), _lean_workers(), _own_sigterm():
            ray.init(address=address, **options)
    except Exception as error:  # which is all that Ray calls a start that took too long
        with suppress(Exception):
            ray.shutdown()  # what was started of it
        raise ResourcesError(_no_ray(address, error)) from error


def _in_a_thread_that_stays(start: Callable[[], None]) -> None:
    """Calls a function in a thread that does not end.

    On Linux, the system ends Ray's processes when the thread that started them ends, and not only
    with the whole process (``PR_SET_PDEATHSIG``). A thread of a pool may end long before.
    """
    done = threading.Event()
    failed: list[BaseException] = []

    def stay() -> None:
        try:
            start()
        except BaseException as error:
            failed.append(error)
            return
        finally:
            done.set()
        threading.Event().wait()

    threading.Thread(target=stay, daemon=True, name="raydrift-ray").start()
    done.wait()
    if failed:
        raise failed[0]


def _no_ray(address: str, error: Exception) -> str:
    said = " ".join(str(error).split())
    if "version mismatch" in said.lower():
        return (
            f"the Ray cluster at {address!r} has other versions than this machine ({said}): "
            "install the same versions of Python and Ray on both"
        )
    if address == "local":
        return (
            f"Ray cannot be started here ({_first_line(error)}): run the same command again, "
            "with --verbose for Ray's log, when the machine has less to do"
        )
    return (
        f"no Ray cluster answers at {address!r} ({_first_line(error)}): "
        "check the address, or leave it out to use this machine"
    )


@contextmanager
def _quiet(verbose: bool) -> Iterator[None]:
    """Keeps Ray's C++ side from writing to the terminal.

    It reads its level from the environment, once, when it starts, and writes to file descriptor 2
    that it did.
    """
    name = "RAY_BACKEND_LOG_LEVEL"
    if verbose or name in os.environ:
        yield
        return
    os.environ[name] = "fatal"
    stderr = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
        del os.environ[name]


@contextmanager
def _lean_workers() -> Iterator[None]:
    """Has the processes that Ray starts here give memory back, unless the user says otherwise.

    Arrow's pool is chosen from the environment.
    """
    if _ARROW_POOL in os.environ:
        yield
        return
    os.environ[_ARROW_POOL] = _LEAN
    try:
        yield
    finally:
        del os.environ[_ARROW_POOL]


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """Keeps what this process does on SIGTERM; Ray puts an exit of its own there.

    That exit is the only one that Ray makes while it starts: it stands for the signal.
    """
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    except SystemExit:
        if callable(handler):
            handler(signal.SIGTERM, None)
        raise
    finally:
        ours = threading.current_thread() is threading.main_thread()
        if ours and handler not in (signal.SIG_DFL, None):
            signal.signal(signal.SIGTERM, handler)


def is_client() -> bool:
    """Whether the driver is connected through ``ray://``, where Ray Data can't run in it."""
    return bool(ray.util.client.ray.is_connected())


def may_grow(cluster: ClusterSettings) -> bool:
    """Whether CPUs may join: Ray is more than what was started on this machine for this process."""
    if address_of(cluster) != "local" or is_client():
        return True
    return is_on_found_cluster() or sum(node["Alive"] for node in ray.nodes()) > 1


def free_resources() -> Resources:
    """What Ray has free; waits a moment for what a run that just ended is giving back."""
    deadline = time.monotonic() + _GIVE_BACK_S
    total = _resources(ray.cluster_resources())
    while True:
        free = _resources(ray.available_resources())
        if free == total or time.monotonic() > deadline:
            return free
        time.sleep(0.1)


def _resources(named: Mapping[str, float]) -> Resources:
    return Resources(int(named.get("CPU", 0)), int(named.get("GPU", 0)))


@contextmanager
def data_context(verbose: bool) -> Iterator[DataContext]:
    """Ray Data's settings for one of our pipelines; the caller's come back afterwards.

    A dataset keeps the settings that it was made with: they are in force while it is made and
    started, and no longer, since whoever takes its batches may use Ray Data in between.
    """
    context = DataContext.get_current().copy()
    context.enable_progress_bars = verbose
    context.print_on_execution_start = verbose
    context.execution_options.verbose_progress = verbose
    context.target_max_block_size = 1  # every row is a shard, and a block of its own
    context.autoscaling_config.actor_pool_util_downscaling_threshold = _NEVER
    if hasattr(context, "execution_no_progress_timeout_s"):
        context.execution_no_progress_timeout_s = _NO_PROGRESS_TIMEOUT_S
    with DataContext.current(context):
        yield context


@contextmanager
def quiet_data(verbose: bool) -> Iterator[None]:
    """Keeps what Ray Data logs from the terminal; several at once do not get into each other's way.

    Args:
        verbose: Whether it may be seen.
    """
    logger = logging.getLogger("ray.data")
    if verbose:
        yield
        return
    marks = [one for one in logger.filters if isinstance(one, _Quiet)]
    mark = _Quiet(marks[0].level if marks else logger.level)
    logger.addFilter(mark)
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.removeFilter(mark)
        if not any(isinstance(one, _Quiet) for one in logger.filters):
            logger.setLevel(mark.level)


class _Quiet(logging.Filter):
    """Marks a logger that a pipeline keeps quiet, and holds the level that it had before."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self.level = level


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
