"""The one place where Caffe is imported: with a helpful error where it is missing, and with the number of BLAS threads pinned."""

import ctypes
import os
import sys

import threadpoolctl

from egl.errors import CaffeMissing

# Results differ in the last bits between one and two BLAS threads, and two processes of one thread each do twice the
# work of one process, where two threads in one process do 1.2 times: so one thread, always.
BLAS_THREADS = 1


def import_caffe():
    """Return the module `caffe`, its BLAS pinned to one thread.

    Caffe's log goes to standard error from warnings up, unless GLOG_minloglevel says otherwise before the first call.
    Raises CaffeMissing where there is no Caffe, or PyPI's empty package of that name.
    """
    os.environ.setdefault("GLOG_minloglevel", "1")  # read once, while the library loads
    try:
        import caffe
        from caffe import Net  # noqa: F401  PyPI's placeholder has none
    except ImportError as error:
        raise CaffeMissing(
            f"pycaffe is not installed for {sys.executable} ({error}): run the command through runtime/caffe, "
            "or install Debian 11's python3-caffe"
        ) from error
    threadpoolctl.threadpool_limits(BLAS_THREADS, user_api="blas")
    return caffe


def blas_description():
    """Return what decides the last bits of every result: a list of dicts with a BLAS library, its version, kernels and threads.

    kernels: the processor type that OpenBLAS computes as (see runtime/caffe), None for another library.
    """
    import numpy  # noqa: F401  loads the BLAS, if nothing else has

    return [
        {
            "library": pool["internal_api"],
            "version": pool["version"],
            "kernels": _kernels(pool["filepath"]),
            "threads": pool["num_threads"],
        }
        for pool in threadpoolctl.threadpool_info()
        if pool["user_api"] == "blas"
    ]


def _kernels(path):
    library = ctypes.CDLL(path)
    if not hasattr(library, "openblas_get_corename"):
        return None
    library.openblas_get_corename.restype = ctypes.c_char_p
    return library.openblas_get_corename().decode()


def send_log_to(path):
    """Append Caffe's log, from now on and for the life of this process, to the file `path` (str), at glog's level INFO.

    Caffe logs to the descriptor of standard error, so Python's own standard error goes to the file too. Call it before
    import_caffe, in a process of its own.
    """
    os.environ["GLOG_minloglevel"] = "0"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    sys.stderr.flush()
    os.dup2(descriptor, 2)
    os.close(descriptor)
