"""The errors of this package. Each message is one line that names the file, layer or blob, and the remedy."""


class EglError(Exception):
    """Base of all errors that mean: the input is wrong, not the program. The command line exits with 2."""


class CaffeMissing(EglError, ImportError):
    """pycaffe cannot be imported here."""


class NetError(EglError, ValueError):
    """A net or solver definition, or a weights file, that Caffe would abort on or misread in silence."""


class Diverged(EglError):
    """The loss or the weights have left every bound: the rate or the momentum is too high for these samples."""


class PoolExhausted(EglError):
    """More patches or images were asked of a pool than are left in it."""
