"""What the model of a large run is made from: a run's figures, and what these do not tell."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Self

from raydrift.bench.pipeline import PipelineFigures
from raydrift.errors import SettingsError, suggest


@dataclass(frozen=True)
class Assumed:
    """What one run does not tell.

    Attributes:
        cores: How many cores a node has.
        gigabits: A second that a node's network carries, each way.
        prefixes: Folders of the input that are listed side by side; there are 32 listers.
        page_seconds: To list 1,000 objects. A guess.
        stream_megabytes: A second, of one writer of the zip, which reads a shard and sends it on.
            A guess.
        gpu_teraflops: What a GPU computes in a second, as its maker says; 121 are an L4's in
            bfloat16.
        gpu_used: The fraction of them that the network reaches. A guess: no GPU was measured.
        run_samples: How many samples one run has at most; more samples are several inputs, side by
            side.
        shard_size: Samples a shard.
        shards_per_second: That one driver hands out, by ``bench --scheduling 24 --milliseconds
            0.5`` on two cores that the workers shared.
        list_microseconds: What the driver takes for each image: listing 3.9, sorting, digest and
            order 1.9.
        driver_bytes: The driver's memory for each image, by ``bench --growth``.
        ledger_bytes: The driver's memory for each shard: 850 as it is made, 1,500 as it is accepted
            and the merge reads it again.
        table_microseconds: What the driver takes for each row of the merged tables without
            embeddings.
        embedding_microseconds: What it takes for each embedding, 4 kB that are hashed and written.
    """

    cores: int = 16
    gigabits: float = 10.0
    prefixes: int = 32
    page_seconds: float = 0.1
    stream_megabytes: float = 50.0
    gpu_teraflops: float = 121.0
    gpu_used: float = 0.2
    run_samples: int = 10**8
    shard_size: int = 256
    shards_per_second: float = 95.0
    list_microseconds: float = 5.8
    driver_bytes: float = 125.0
    ledger_bytes: float = 2_350.0
    table_microseconds: float = 1.3
    embedding_microseconds: float = 15.4

    @classmethod
    def parse(cls, given: Sequence[str]) -> Self:
        """Reads ``cores=64`` and the like over the defaults.

        Raises:
            SettingsError: There is no such name, or its value is not a positive number.

        >>> Assumed.parse(["cores=64", "gigabits=25"]).cores
        64
        """
        assumed = cls()
        kinds = {name: type(value) for name, value in asdict(assumed).items()}
        for text in given:
            name, _, value = text.partition("=")
            if name not in kinds:
                raise SettingsError(f"assume {name!r}: {suggest(name, kinds)}")
            try:
                number = kinds[name](value)
            except ValueError:
                number = 0
            if not 0 < number < float("inf"):
                raise SettingsError(f"assume {text!r}: write a positive number, e.g. cores=64")
            assumed = replace(assumed, **{name: number})
        return assumed


@dataclass(frozen=True)
class Measured:
    """What an image took in a run.

    Attributes:
        drift_seconds: What a core takes, all but the embedding.
        embed_seconds: What a core takes to embed it; 0 where nothing was embedded.
        input_bytes: The bytes of the image that was read.
        png_bytes: The bytes of its PNG.
        shard_bytes: The bytes of its part of a shard.
        table_bytes: The bytes of its rows in the merged tables.
        start_seconds: The seconds from the start of the run until its workers began, listing left
            out.
        driver_bytes: The memory of the whole driver, before the merge.
    """

    drift_seconds: float
    embed_seconds: float
    input_bytes: float
    png_bytes: float
    shard_bytes: float
    table_bytes: float
    start_seconds: float
    driver_bytes: float

    @classmethod
    def of(cls, run: PipelineFigures) -> Self:
        """From the figures of a run.

        Raises:
            SettingsError: It was too short for a steady state, or had embedders of their own.
        """
        if run.embedders:
            raise SettingsError(
                "the model counts cores that drift and embed: leave the GPUs out, on a machine "
                "without them or without --embeddings"
            )
        if run.images_per_second_per_core is None:
            raise SettingsError("the run is too short for a steady state: give a larger --count")
        core_seconds = 1 / run.images_per_second_per_core
        sizes, start, driver = run.sizes, run.start_up, run.driver_before_merge
        return cls(
            drift_seconds=core_seconds * (1 - run.embedding_share),
            embed_seconds=core_seconds * run.embedding_share,
            input_bytes=sizes.input / run.images,
            png_bytes=sizes.pngs / run.images,
            shard_bytes=sizes.shards / run.images,
            table_bytes=sizes.tables / run.images,
            start_seconds=start.first_worker - start.list,
            driver_bytes=driver.private if driver else 0,
        )
