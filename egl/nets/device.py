"""Where Caffe computes. A missing device ends the whole process, so it is looked for first."""

from __future__ import annotations

import ctypes
from typing import Optional, Tuple

from egl.errors import CaffeMissing, EglError
from egl.nets.runtime import import_caffe

AUTO = "auto"
CPU_BATCH = 64  # patches scored at a time
GPU_BATCH = 512  # LeNet's blobs for that many take 0.3 GB, diffs included

# What use_device was given last. Caffe keeps its mode as state of the process and pycaffe cannot
# ask for it; a scorer made later needs to know.
_gpu: Optional[int] = None


def choose_device(device: str) -> Tuple[str, str]:
    """Return (device, reason): "cpu" or "gpu:N", and for "auto" why it was chosen, else "".

    device: "cpu", "gpu:N", or "auto": gpu:0 where CUDA finds one that Caffe can use, else cpu.
    Raises EglError as check_device does. A missing Caffe is no error where device is "auto":
    whatever needs Caffe reports it.
    """
    if device != AUTO:
        check_device(device)
        return device, ""
    try:
        count, problem = _find_gpus()
    except CaffeMissing:
        return "cpu", ""
    return ("gpu:0", f"CUDA finds {count}") if count else ("cpu", problem)


def check_device(device: str) -> Optional[int]:
    """Return the number N of the GPU that `device` ("gpu:N") names, or None for "cpu".

    Raises EglError for another word, for a Caffe built without CUDA, and for a GPU that is absent.
    """
    if device == "cpu":
        return None
    kind, _, number = device.partition(":") if isinstance(device, str) else ("", "", "")
    if kind != "gpu" or not (number.isascii() and number.isdigit()):
        raise EglError(f"device {device!r}: give auto, cpu or gpu:N, for instance gpu:0")
    count, problem = _find_gpus()
    if int(number) >= count:
        problem = problem or f"CUDA finds {count}, numbered from 0"
        raise EglError(f"device {device}: {problem}; give auto or cpu")
    return int(number)


def use_device(number: Optional[int]) -> None:
    """Make Caffe compute on GPU `number`, or on the CPU for None, in this thread from now on.

    number: from check_device; Caffe ends the process over a GPU that is absent.
    """
    global _gpu
    caffe = import_caffe()
    if number is None:
        caffe.set_mode_cpu()
    else:
        caffe.set_device(number)
        caffe.set_mode_gpu()
    _gpu = number


def scoring_batch() -> int:
    """Return how many patches to score at a time on the device in use.

    The batch is a matter of speed, and of the last bits of a score.
    """
    return batch_on(_gpu)


def batch_on(number: Optional[int]) -> int:
    """Return what scoring_batch() is on GPU `number`, or on the CPU for None."""
    return CPU_BATCH if number is None else GPU_BATCH


def built_with_cuda() -> bool:
    """Return whether this Caffe was built with CUDA, whether or not there is a GPU."""
    import_caffe()
    return _loaded_cuda() is not None


def _find_gpus() -> Tuple[int, str]:
    """Return how many GPUs there are, and why there is none ("" where there is one)."""
    import_caffe()
    library = _loaded_cuda()
    if library is None:
        return 0, "this Caffe was built without CUDA"
    count = ctypes.c_int(0)
    # Unlike Caffe, this answers with an error code where there is no driver or no device.
    error = ctypes.CDLL(library).cudaGetDeviceCount(ctypes.byref(count))
    if error or not count.value:
        return 0, f"CUDA finds no GPU (its error code is {error})"
    return count.value, ""


def _loaded_cuda() -> Optional[str]:
    """Return the path of the CUDA runtime that Caffe has brought into this process, or None."""
    with open("/proc/self/maps", encoding="utf-8") as file:
        paths = {line.split()[-1] for line in file if "libcudart.so" in line}
    return min(paths) if paths else None
