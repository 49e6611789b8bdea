"""The one place where Caffe is imported: with one BLAS thread, and help where it is missing."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from typing import Any, Dict, List, Optional

import threadpoolctl

from egl.errors import CaffeMissing

# One and two BLAS threads give results that differ in their last bits. And two processes of one
# thread do twice the work of one process, where a second thread in one process adds a fifth.
BLAS_THREADS = 1


def import_caffe() -> Any:
    """Return the module `caffe`, its BLAS pinned to one thread.

    Caffe logs warnings and errors to standard error, unless GLOG_minloglevel says otherwise before
    the first call. Raises CaffeMissing where there is no Caffe, or only PyPI's empty package of
    that name.
    """
    os.environ.setdefault("GLOG_minloglevel", "1")  # read once, while the library loads
    try:
        import caffe
        from caffe import Net  # noqa: F401  PyPI's placeholder has none
    except ImportError as error:
        raise CaffeMissing(
            f"pycaffe is not installed for {sys.executable} ({error}): run the command through "
            "runtime/caffe of a checkout, or install Debian 11's python3-caffe"
        ) from error
    _pin_blas()
    return caffe


def _pin_blas() -> None:
    """Give BLAS its threads, once a process.

    Looking for the library holds the loader's lock while it waits for Python's; a thread that has
    Python's and throws a C++ exception, as pycaffe does at the end of every iteration, waits for
    the loader's. So no thread may look while others compute.
    """
    global _is_pinned
    with _pinning:
        if not _is_pinned:
            threadpoolctl.threadpool_limits(BLAS_THREADS, user_api="blas")
            _is_pinned = True


_pinning = threading.Lock()
_is_pinned = False


def blas_description() -> List[Dict[str, Any]]:
    """Return what decides the last bits of every result: each BLAS library that is loaded.

    A dict for each: library, version, threads, and kernels: the processor type that OpenBLAS
    computes as (see runtime/caffe), None for another library.
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


def _kernels(path: str) -> Optional[str]:
    library = ctypes.CDLL(path)
    if not hasattr(library, "openblas_get_corename"):
        return None
    library.openblas_get_corename.restype = ctypes.c_char_p
    name: bytes = library.openblas_get_corename()
    return name.decode()


def send_log_to(path: str) -> None:
    """Append Caffe's log to the file `path`, at glog's level INFO, for the rest of this process.

    Caffe logs to the descriptor of standard error, so Python's own standard error goes to the file
    too. Call this before import_caffe, in a process of its own.
    """
    os.environ["GLOG_minloglevel"] = "0"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    sys.stderr.flush()
    os.dup2(descriptor, 2)
    os.close(descriptor)
