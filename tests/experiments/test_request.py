import json

import pytest

from experiments.processes import BadInput
from experiments.request import Request, read_request


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"protocol": "quikc"}, "protocol 'quikc' is not known; did you mean quick"),
        ({"setups": ["sgd"]}, "set-up 'sgd' is not known"),
        ({"only": ["fig9"]}, "experiment 'fig9'"),
        ({"only": "fig2"}, "only"),
        ({"only": [1]}, ""),
        ({"strategies": ["nothing"]}, "nothing"),
        ({"seeds": 0}, "seeds 0: give a number of at least 1"),
        ({"seeds": "five"}, ""),
        ({"seeds": None, "device": "gpu:²"}, "device 'gpu:²': give cpu or gpu:N"),
        ({"source": 5}, ""),
        ({"scale": -1}, "scale"),
        ({"scale": True}, "scale"),
        ({"colour": 1}, "colour"),
        ([], "holds no object"),
        (None, "holds no object"),
    ],
)
def test_odd_values_name_the_file(tmp_path, values, message):
    (tmp_path / "request.json").write_text(json.dumps(values))
    with pytest.raises(BadInput) as raised:
        read_request(str(tmp_path))
    assert str(raised.value).startswith(str(tmp_path / "request.json"))
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe"])
def test_a_file_that_is_no_request(tmp_path, content):
    (tmp_path / "request.json").write_bytes(content)
    with pytest.raises(BadInput, match=r"request\.json: cannot be read .* give the --out"):
        read_request(str(tmp_path))


def test_what_was_written_is_read(tmp_path):
    (tmp_path / "request.json").write_text(json.dumps({"protocol": "quick", "seeds": 3}))
    assert read_request(str(tmp_path)) == Request(protocol="quick", seeds=3)
