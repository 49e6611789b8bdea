import pytest

from egl.errors import EglError
from egl.nets import device


@pytest.fixture
def cuda(caffe, monkeypatch):
    """Return a function that has CUDA answer with an error code and a number of devices."""

    def answer(error, count):
        class Library:
            @staticmethod
            def cudaGetDeviceCount(pointer):
                pointer._obj.value = count
                return error

        monkeypatch.setattr(device, "_loaded_cuda", lambda: "libcudart.so")
        monkeypatch.setattr(device.ctypes, "CDLL", lambda path: Library)

    return answer


def test_cpu():
    assert device.check_device("cpu") is None
    assert device.choose_device("cpu") == ("cpu", "")


@pytest.mark.parametrize("name", ["gpu", "gpu:", "gpu:-1", "cuda:0", "GPU:0", ""])
def test_other_words(name):
    with pytest.raises(EglError, match="give auto, cpu or gpu:N"):
        device.choose_device(name)


def test_a_caffe_without_cuda_says_so(caffe, monkeypatch):
    monkeypatch.setattr(device, "_loaded_cuda", lambda: None)
    with pytest.raises(EglError, match="built without CUDA"):
        device.check_device("gpu:0")
    assert device.choose_device("auto") == ("cpu", "this Caffe was built without CUDA")


@pytest.mark.parametrize(
    ("error", "count", "message"),
    [(35, 0, "no GPU .its error code is 35"), (0, 0, "no GPU"), (0, 1, "finds 1, numbered from 0")],
)
def test_a_gpu_that_is_not_there(cuda, error, count, message):
    cuda(error, count)
    with pytest.raises(EglError, match=message):
        device.choose_device("gpu:1")


def test_auto_is_the_first_gpu_or_else_the_cpu(cuda):
    cuda(0, 2)
    assert device.choose_device("auto") == ("gpu:0", "CUDA finds 2")
    assert device.check_device("gpu:1") == 1
    cuda(100, 0)
    assert device.choose_device("auto") == ("cpu", "CUDA finds no GPU (its error code is 100)")


def test_the_cpu_can_be_used_after_all(caffe):
    device.use_device(None)
    assert device.scoring_batch() == 64


@pytest.mark.parametrize("wrong", ["gpu:²", "gpu:٣", "gpu:", "gpu:-1", None, 0, ["cpu"]])
def test_names_that_are_no_device(caffe, wrong):
    with pytest.raises(EglError, match="give auto, cpu or gpu:N"):
        device.check_device(wrong)
