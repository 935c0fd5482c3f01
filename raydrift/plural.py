"""Numbers with the words that they count."""


def plural(count: int, word: str) -> str:
    """``1 image``, ``2 images``, ``3 batches``, ``4 classes``."""
    ending = "es" if word.endswith(("ch", "ss")) else "s"
    return f"{count:,} {word}{'' if count == 1 else ending}"
