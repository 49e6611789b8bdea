import pytest

from egl import device
from egl.errors import EglError


def test_cpu():
    assert device.check_device("cpu") is None


@pytest.mark.parametrize("name", ["gpu", "gpu:", "gpu:-1", "cuda:0", "GPU:0", ""])
def test_other_words(name):
    with pytest.raises(EglError, match="give cpu or gpu:N"):
        device.check_device(name)


def test_a_caffe_without_cuda_says_so(caffe, monkeypatch):
    monkeypatch.setattr(device, "_loaded_cuda", lambda: None)
    with pytest.raises(EglError, match="built without CUDA"):
        device.check_device("gpu:0")


@pytest.mark.parametrize(("error", "count", "message"), [(35, 0, "finds 0 GPUs .error code 35"), (0, 1, "finds 1 GPUs")])
def test_a_gpu_that_is_not_there(caffe, monkeypatch, error, count, message):
    class Library:
        @staticmethod
        def cudaGetDeviceCount(pointer):
            pointer._obj.value = count
            return error

    monkeypatch.setattr(device, "_loaded_cuda", lambda: "libcudart.so")
    monkeypatch.setattr(device.ctypes, "CDLL", lambda path: Library)
    with pytest.raises(EglError, match=message):
        device.check_device("gpu:1")


def test_the_cpu_can_be_used_after_all(caffe):
    device.use_device(None)
