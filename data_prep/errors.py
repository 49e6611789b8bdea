"""The error that means: the input is wrong, not the program."""

from typing import Any, Callable


class DataError(ValueError):
    """Input that cannot be used.

    The message is one line that names the file and the remedy; the command line exits with 2.
    """


# Takes the problem of one image: raises it, or collects it so that the image is left out.
Report = Callable[[DataError], Any]
