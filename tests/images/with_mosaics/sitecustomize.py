"""With this folder on PYTHONPATH, a process reads mosaics: this is all that it takes."""

if __name__ == "sitecustomize":  # and not where tests are collected
    from mosaic_reader import MOSAIC

    from raydrift.images import readers

    readers.READERS = (MOSAIC, *readers.READERS)  # type: ignore[misc]
