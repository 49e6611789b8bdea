"""Where Caffe computes. A device that is not there ends the whole process inside Caffe, so it is looked for first."""
import ctypes

from egl.caffe_runtime import import_caffe
from egl.errors import EglError


def check_device(device):
    """Return the number N of the GPU that `device` ("gpu:N") names, or None for "cpu".

    Raises EglError for another word, where Caffe was built without CUDA, and where there is no such GPU.
    """
    if device == "cpu":
        return None
    kind, _, number = device.partition(":")
    if kind != "gpu" or not number.isdigit():
        raise EglError(f"device {device!r}: give cpu or gpu:N, for instance gpu:0")
    import_caffe()
    library = _loaded_cuda()
    if library is None:
        raise EglError(f"device {device}: this Caffe was built without CUDA; give cpu")
    count = ctypes.c_int(0)
    # Unlike Caffe, this answers with an error code where there is no driver or no device.
    error = ctypes.CDLL(library).cudaGetDeviceCount(ctypes.byref(count))
    if error or int(number) >= count.value:
        raise EglError(f"device {device}: CUDA finds {0 if error else count.value} GPUs (error code {error}); give cpu")
    return int(number)


def use_device(number):
    """Let Caffe compute on GPU `number`, or on the CPU for None, from now on in this process."""
    caffe = import_caffe()
    if number is None:
        caffe.set_mode_cpu()
    else:
        caffe.set_device(number)
        caffe.set_mode_gpu()


def _loaded_cuda():
    """Return the path of the CUDA runtime that Caffe has brought into this process, or None."""
    with open("/proc/self/maps", encoding="utf-8") as file:
        paths = {line.split()[-1] for line in file if "libcudart.so" in line}
    return min(paths) if paths else None
