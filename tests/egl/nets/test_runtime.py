"""Caffe imported once, with one BLAS thread, and its log in a file."""

import subprocess
import sys

import pytest

from egl.errors import CaffeMissing
from egl.nets.runtime import blas_description, import_caffe

RUN = [sys.executable, "-c"]


def test_one_blas_thread(caffe):
    """Whatever the library was told before; and the library is looked for once a process."""
    code = (
        "import sys; sys.path[:] = sys.argv[1:]\n"
        "import numpy, threadpoolctl\n"
        "from egl.nets.runtime import blas_description, import_caffe\n"
        "threadpoolctl.threadpool_limits(2, user_api='blas')\n"
        "import_caffe()\n"
        "print({pool['threads'] for pool in blas_description()})\n"
        "threadpoolctl.threadpool_limits = None\n"
        "import_caffe()\n"
    )
    found = subprocess.run([*RUN, code, *sys.path], stdout=subprocess.PIPE, check=True)
    assert found.stdout == b"{1}\n"


def test_blas_description(caffe):
    (blas, *_) = blas_description()
    assert set(blas) == {"library", "version", "kernels", "threads"}
    assert blas["threads"] == 1
    if blas["library"] == "openblas":
        assert blas["kernels"]


@pytest.mark.parametrize("placeholder", [None, "x = 1"])
def test_no_caffe_is_an_error_that_says_how_to_get_it(tmp_path, monkeypatch, placeholder):
    """Without a module of that name, and with the empty one that PyPI has."""
    for name in [name for name in sys.modules if name.split(".")[0] == "caffe"]:
        monkeypatch.delitem(sys.modules, name)
    if placeholder is None:
        monkeypatch.setitem(sys.modules, "caffe", None)
    else:
        (tmp_path / "caffe.py").write_text(placeholder)
        monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(CaffeMissing, match="runtime/caffe"):
        import_caffe()


def test_the_log_goes_to_a_file(caffe, tmp_path):
    log = tmp_path / "log.txt"
    log.write_text("before\n")
    code = (
        "import sys; sys.path[:] = sys.argv[2:]\n"
        "from egl.nets.runtime import import_caffe, send_log_to\n"
        "send_log_to(sys.argv[1])\n"
        "from egl.nets.building import scoring_net\n"
        "from egl.nets.definition import prototxt_path\n"
        "scoring_net(prototxt_path('lenet_score.prototxt'))\n"
        "print('ours', file=sys.stderr)\n"
    )
    result = subprocess.run([*RUN, code, str(log), *sys.path], stderr=subprocess.PIPE, check=True)
    lines = log.read_text().splitlines()
    assert result.stderr == b"" and lines[0] == "before" and lines[-1] == "ours"
    assert any("Setting up ip2" in line for line in lines)
