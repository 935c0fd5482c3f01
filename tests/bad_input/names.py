"""Names, of files and of classes."""

import os
import unicodedata

from tests.bad_input.images import PNG, THE_PICTURE
from tests.bad_input.kinds import Kind, PassedOver, link

NFC = unicodedata.normalize("NFC", "café")
NFD = unicodedata.normalize("NFD", "café")

ANY_NAMES = {
    "with a blank": "a b",
    "with a blank at both ends": " a ",
    "of a blank": " ",
    "with a line end": "new\nline",
    "with a tab": "a\tb",
    "with quotes": 'it\'s "quoted" `so`',
    "with percent signs": "100% %2F %%",
    "with a backslash": "a\\b",
    "with what a shell expands": "$HOME *?[a]{b}",
    "with what a URI splits at": "a?b#c&d=e;f+g",
    "with a colon": "C:",
    "with a comma": "a,b",
    "with two dots": "a..b",
    "in composed letters": NFC,
    "in decomposed letters": NFD,
    "in another script": "雪だるま",
    "right to left": "תמונה",
    "as a symbol": "🐈\u200d⬛",
    "with a control sign": "\x01\x7f",
    "in small letters": "case",
    "in capitals": "CASE",
    "that Windows reserves": "CON",
    "that Windows reserves, with a suffix": "nul.tar",
    "with a minus in front": "-rf",
    "that is a number": "007",
}

FILE_NAMES = [
    Kind(f"a file {what}", f"names/{name}.png", PNG, THE_PICTURE)
    for what, name in (
        ANY_NAMES | {"of 255 bytes": "x" * 251, "of 255 bytes in kana": "ね" * 83 + "xx"}
    ).items()
]

CLASS_NAMES = [
    Kind(f"a class {what}", f"{name}/picture.png", PNG, THE_PICTURE)
    for what, name in (
        ANY_NAMES
        | {
            "of 255 bytes": "x" * 255,
            "of 255 bytes in kana": "ね" * 85,
            "that ends in .jpg": "folder.jpg",
            "that ends in a dot": "dot.",
        }
    ).items()
]

NOT_UTF8 = [
    Kind(
        "a file whose name is not UTF-8",
        os.fsdecode(b"names/\xff.png"),
        PNG,
        PassedOver("name is not UTF-8"),
    ),
    Kind(
        "a class whose name is not UTF-8",
        os.fsdecode(b"cla\xdf/picture.png"),
        PNG,
        PassedOver("name is not UTF-8"),
    ),
]

PLACES = [
    Kind("in a folder deep below", "places/" + "deep/" * 50 + "picture.png", PNG, THE_PICTURE),
    Kind("in a folder named as an image", "places/folder.png/picture.png", PNG, THE_PICTURE),
    Kind(
        "a link to a file outside",
        "places/outside.png",
        link("../../outside/picture.png"),
        THE_PICTURE,
    ),
]

NAMES = [*FILE_NAMES, *CLASS_NAMES, *PLACES]
