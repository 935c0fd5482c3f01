"""Whether there is room for a zip where it is to be, told before the work instead of after it."""

from raydrift.errors import OutputError
from raydrift.place import Place
from raydrift.settings import ImageSettings
from raydrift.storage.zip_layout import ZipLayout, members_size

_NAME_BYTES = 16  # about; classes in the names are less than what PNGs save


def check_before_run(output: Place, samples: int, image: ImageSettings) -> None:
    """Refuses a run whose zip could become too large: its PNGs are at most as large as pixels.

    Raises:
        OutputError: Such a zip may be more than one upload to S3 holds.
    """
    png_bytes = image.height * (3 * image.width + 1)  # each row has a filter byte
    size = members_size(samples, samples * _NAME_BYTES, samples * png_bytes)
    most = output.largest_file
    if most is not None and size > most:
        fit = int(samples * most / size)
        raise OutputError(
            f"the zip of {samples:,} samples may grow to {_terabytes(size)}, and {output} takes "
            f"{_terabytes(most)}: make several outputs, each with num_samples up to {fit:,} and a "
            "start of its own, or shards alone with --no-finalize"
        )


def check_before_merge(output: Place, plan: ZipLayout) -> None:
    """Refuses to write a zip that is too large.

    Raises:
        OutputError: It is more than one upload to S3 holds.
    """
    most = output.largest_file
    if most is not None and plan.size > most:
        raise OutputError(
            f"the zip would be {_terabytes(plan.size)}, and {output} takes {_terabytes(most)}: the "
            "shards are kept, parquet files that can be used as they are; for zips make several "
            "outputs with num_samples and start"
        )


def _terabytes(size: int) -> str:
    return f"{size / 1e12:,.1f} TB"
