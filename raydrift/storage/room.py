"""Whether there is room for a file where it is to be, told before the work instead of after it."""

from raydrift.errors import OutputError
from raydrift.paths import StoragePath
from raydrift.settings.image import ImageSettings
from raydrift.storage.zip_layout import members_size

_NAME_BYTES = 16  # about; classes in the names are less than what PNGs save

# Each part of the file is a part of the upload. The last may be twice as large as the others, and a
# shard of up to 1 GiB more: of S3's 5 GiB a part the others have 2.
_OF_UPLOAD = 2 / 5

_REMEDY = "use --container zips or webdataset, which have as many files as they need"


def check_zip_before_run(output: StoragePath, samples: int, image: ImageSettings) -> None:
    """Refuses a run whose zip could become too large: its PNGs are at most as large as pixels.

    Raises:
        OutputError: Such a zip may be more than one upload to S3 holds.
    """
    png_bytes = image.height * (3 * image.width + 1)  # each row has a filter byte
    size = members_size(samples, samples * _NAME_BYTES, samples * png_bytes)
    most = _room(output)
    if most is not None and size > most:
        raise OutputError(
            f"the zip of {samples:,} samples may grow to {_terabytes(size)}, and {output} takes "
            f"{_terabytes(most)} a file: {_REMEDY}"
        )


def check_zip_before_merge(output: StoragePath, size: int) -> None:
    """Refuses to write a zip that is too large.

    Raises:
        OutputError: It is more than one upload to S3 holds.
    """
    most = _room(output)
    if most is not None and size > most:
        raise OutputError(
            f"the zip would be {_terabytes(size)}, and {output} takes {_terabytes(most)} a file: "
            f"the shards are kept; {_REMEDY}"
        )


def check_file_bytes(output: StoragePath, file_bytes: int) -> None:
    """Refuses to write several files that may each be too large.

    Raises:
        OutputError: One may be more than one upload to S3 holds.
    """
    most = _room(output)
    if most is not None and file_bytes > most:
        raise OutputError(
            f"write.container_bytes is {file_bytes}, and {output} takes {most} bytes a file: "
            "give fewer"
        )


def _room(output: StoragePath) -> int | None:
    """Bytes of the largest file that can be written there; None: that is not known."""
    return None if output.largest_file is None else int(_OF_UPLOAD * output.largest_file)


def _terabytes(size: int) -> str:
    return f"{size / 1e12:,.1f} TB"
