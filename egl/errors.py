"""The errors of this package: each message is one line that names the culprit and the remedy."""


class EglError(Exception):
    """The input is wrong, not the program: the command line exits with 2."""


class CaffeMissing(EglError, ImportError):
    """pycaffe cannot be imported here."""


class NetError(EglError, ValueError):
    """A net, solver or weights file that Caffe would abort on or misread in silence."""


class Diverged(EglError):
    """The loss or the weights have left every bound: the rate or the momentum is too high."""


class StrategyError(EglError):
    """A strategy does not keep to the interface of egl.strategies.base."""
