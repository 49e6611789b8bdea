"""Where Caffe computes. A device that is not there ends the whole process inside Caffe, so it is looked for first."""

import ctypes

from egl.errors import CaffeMissing, EglError
from egl.nets.runtime import import_caffe

AUTO = "auto"
CPU_BATCH, GPU_BATCH = (
    64,
    512,
)  # patches scored at a time; the blobs of LeNet for 512 are 0.3 GB, diffs included

_gpu = None  # what use_device was given last: pycaffe does not tell


def choose_device(device):
    """Return (device, why): "cpu" or "gpu:N" for what a person asked for, with a reason to show them for "auto", else "".

    device: "cpu", "gpu:N", or "auto", which is gpu:0 where CUDA finds one that Caffe can use, and cpu elsewhere.
    Raises EglError as check_device does; not for a missing Caffe where device is "auto".
    """
    if device != AUTO:
        check_device(device)
        return device, ""
    try:
        count, why = _find_gpus()
    except CaffeMissing:  # for whatever needs Caffe to say
        return "cpu", ""
    return ("gpu:0", f"CUDA finds {count}") if count else ("cpu", why)


def check_device(device):
    """Return the number N of the GPU that `device` ("gpu:N") names, or None for "cpu".

    Raises EglError for another word, where Caffe was built without CUDA, and where there is no such GPU.
    """
    if device == "cpu":
        return None
    kind, _, number = device.partition(":")
    if kind != "gpu" or not number.isdigit():
        raise EglError(f"device {device!r}: give auto, cpu or gpu:N, for instance gpu:0")
    count, why = _find_gpus()
    if int(number) >= count:
        raise EglError(
            f"device {device}: {why or f'CUDA finds {count}, numbered from 0'}; give auto or cpu"
        )
    return int(number)


def use_device(number):
    """Let Caffe compute on GPU `number`, or on the CPU for None, from now on in this thread (Caffe's modes are a thread's own).

    number: of check_device; Caffe ends the process over a GPU that is not there.
    """
    global _gpu
    caffe = import_caffe()
    if number is None:
        caffe.set_mode_cpu()
    else:
        caffe.set_device(number)
        caffe.set_mode_gpu()
    _gpu = number


def scoring_batch():
    """Return how many patches are scored at a time on the device in use: a matter of speed, and of the last bits."""
    return batch_on(_gpu)


def batch_on(number):
    """Return what scoring_batch() is on GPU `number`, or on the CPU for None."""
    return CPU_BATCH if number is None else GPU_BATCH


def _find_gpus():
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


def _loaded_cuda():
    """Return the path of the CUDA runtime that Caffe has brought into this process, or None."""
    with open("/proc/self/maps", encoding="utf-8") as file:
        paths = {line.split()[-1] for line in file if "libcudart.so" in line}
    return min(paths) if paths else None
