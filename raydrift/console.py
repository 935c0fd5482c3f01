"""Where everything for people is printed: a console that obeys no name of a file or a class."""

import os
from collections.abc import Iterator
from typing import Any

import rich.console
from rich.segment import Segment
from rich.text import Text

from raydrift.text import printable


class Console(rich.console.Console):
    """Rich's console, on which control characters of any text are shown as escapes.

    Each text is one line; only what Rich itself lays out has more. Where nobody reads any more, as
    after ``| head``, the work goes on and nothing is printed.
    """

    def on_broken_pipe(self) -> None:
        """Prints to nowhere from now on; Rich would end the process."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())  # what is still in a buffer goes there, too
        os.close(nowhere)

    def render_str(self, text: str, *arguments: Any, **options: Any) -> Text:
        """What becomes of text that is printed, alone or in a table, before it is laid out."""
        return super().render_str(printable(text), *arguments, **options)

    def render(self, *arguments: Any, **options: Any) -> Iterator[Segment]:
        """What goes to the terminal, also of texts that came with a style of their own."""
        for segment in super().render(*arguments, **options):
            if segment.control:
                yield segment
            else:
                yield Segment(printable(segment.text, lines=True), segment.style)
