"""Text that is shown: numbers with their nouns, and names that cannot do harm.

A terminal obeys control characters: a name could clear the screen, or fake a line of ours. A name
with characters that cannot be seen, or that turn the direction of writing, looks like another one.
"""

import json
import re
from typing import Final

# Control characters (C0, DEL, C1), those that have no width or turn the direction of writing, line
# and paragraph separators, halves of surrogate pairs (bytes that are not UTF-8), tags. The joiners
# of zero width stay: scripts and emoji need them.
_UNSAFE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    r"\ufeff\ufff9-\ufffb\U000e0001\U000e0020-\U000e007f]"
)


def is_utf8(text: str) -> bool:
    r"""Whether it can be written as UTF-8.

    Other bytes of a path come with lone surrogates in their place; escapes of JSON can stand for
    half a sign.

    >>> is_utf8("dög"), is_utf8("\ud800")
    (True, False)
    """
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


def plural(count: int, word: str) -> str:
    """``1 image``, ``2 images``, ``3 batches``, ``4 classes``, ``5 epochs``."""
    ending = "es" if word.endswith(("ch", "ss")) and not word.endswith("epoch") else "s"
    return f"{count:,} {word}{'' if count == 1 else ending}"


def printable(text: str, lines: bool = False) -> str:
    r"""A text whose unsafe characters are shown as Python writes them.

    Args:
        text: Any.
        lines: Whether it has lines of its own, so that line ends stay.

    >>> print(printable("\x1b[2Jcat\u202e"))
    \x1b[2Jcat\u202e
    """
    return _UNSAFE.sub(
        lambda found: found[0] if lines and found[0] == "\n" else repr(found[0])[1:-1], text
    )


def printable_json(line: str) -> str:
    """A line of JSON that says the same, its unsafe characters as JSON's escapes."""
    return _UNSAFE.sub(lambda found: json.dumps(found[0])[1:-1], line)
