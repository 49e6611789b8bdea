"""The error that means: the input is wrong, not the program."""

import unicodedata
from typing import Any, Callable

# Control characters, lone surrogates, line and paragraph separators.
_NO_TEXT = ("Cc", "Cs", "Zl", "Zp")


class DataError(ValueError):
    """Input that cannot be used.

    The message is one line that names the file and the remedy; the command line exits with 2.
    """

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


def one_line(text: str) -> str:
    """Return text as one line that every terminal and file can hold.

    Names of files may contain line breaks, control characters and bytes that are no UTF-8 (which
    Python keeps as lone surrogates): they come as escapes.
    """
    return "".join(
        repr(sign)[1:-1] if unicodedata.category(sign) in _NO_TEXT else sign for sign in text
    )


# Takes the problem of one image: raises it, or collects it so that the image is left out.
Report = Callable[[DataError], Any]
