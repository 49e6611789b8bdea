"""The error that means: the input is wrong, not the program."""


class DataError(ValueError):
    """Input that cannot be used.

    The message is one line that names the file and the remedy; the command line exits with 2.
    """
