"""The trial of a net in a child process: what Caffe would abort on is a NetError."""

import time

import numpy as np
import pytest

from data_prep.normalisation import Normalisation
from egl.errors import NetError
from egl.gradient_length import GradientLength
from egl.gradient_length.features import Features
from egl.gradient_length.maps import ImageScorer
from egl.gradient_length.scorer import NetScorer
from egl.nets import trial
from egl.nets.building import scoring_net
from egl.nets.definition import prototxt_path, read_net
from egl.nets.trial import check_builds


def write(folder, prototxt, change):
    definition = read_net(prototxt)
    change({layer.name: layer for layer in definition.layer})
    path = str(folder / "theirs.prototxt")
    with open(path, "w") as file:
        file.write(str(definition))
    return path


def too_small(layers):
    layers["image"].input_param.shape[0].dim[2:] = [2, 2]


def one_axis_less(layers):
    layers["image"].input_param.shape[0].dim.pop()


def no_outputs(layers):
    layers["conv"].convolution_param.ClearField("num_output")


def aborts_in_its_forward(layers):
    layers["pool"].pooling_param.pool = layers["pool"].pooling_param.STOCHASTIC


@pytest.mark.parametrize(
    "change, message",
    [
        (too_small, "Check failed"),
        (one_axis_less, "Check failed: 4 == "),
        (no_outputs, "Check failed: num_output_ > 0"),
        (aborts_in_its_forward, "theirs.prototxt: Caffe cannot use this net: "),
    ],
)
def test_a_net_that_caffe_cannot_use(caffe, net_path, tmp_path, change, message):
    path = write(tmp_path, net_path("three_classes"), change)
    with pytest.raises(NetError, match="theirs.prototxt: Caffe cannot use this net: ") as caught:
        check_builds(path)
    assert message in str(caught.value)


def test_what_is_wrong_in_one_phase_only(caffe, net_path, tmp_path):
    def change(layers):
        layers["conv"].convolution_param.ClearField("num_output")
        for layer in layers.values():
            if layer.type != "Input":
                layer.include.add(phase=caffe.TRAIN)

    path = write(tmp_path, net_path("three_classes"), change)
    check_builds(path)
    with pytest.raises(NetError, match="num_output_ > 0"):
        check_builds(path, caffe.TRAIN)


@pytest.mark.parametrize("name", ["lenet_score.prototxt", "lenet_train_val.prototxt"])
def test_a_net_of_this_project_is_known(caffe, monkeypatch, name):
    """If it was changed, add the digests of the new net to trial.KNOWN."""
    monkeypatch.setattr(trial, "_forked", None)  # no trial is needed
    check_builds(prototxt_path(name))
    if name == "lenet_train_val.prototxt":
        check_builds(prototxt_path(name), caffe.TRAIN)


@pytest.mark.parametrize("name", ["lenet_score.prototxt", "lenet_train_val.prototxt"])
def test_what_is_known_works(caffe, monkeypatch, name):
    monkeypatch.setattr(trial, "KNOWN", frozenset())
    check_builds(prototxt_path(name))
    check_builds(prototxt_path(name), caffe.TRAIN)


def test_a_net_is_tried_once(caffe, net_path, tmp_path, monkeypatch):
    def change(layers):
        layers["conv"].convolution_param.num_output = 5

    path = write(tmp_path, net_path("three_classes"), change)
    check_builds(path)
    monkeypatch.setattr(trial, "_forked", None)
    check_builds(path)
    scoring_net(path, batch=7)
    GradientLength(path, None)


def test_a_failure_is_remembered(caffe, net_path, tmp_path):
    path = write(tmp_path, net_path("three_classes"), too_small)
    messages = []
    for _ in range(2):
        with pytest.raises(NetError) as caught:
            check_builds(path)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def layer(name, kind, bottom, top, settings=""):
    bottoms = "".join(f'bottom: "{blob}" ' for blob in bottom.split())
    return f'layer {{ name: "{name}" type: "{kind}" {bottoms}top: "{top}" {settings} }}\n'


HEAD = (
    'layer { name: "in" type: "Input" top: "x" '
    "input_param { shape { dim: 1 dim: 3 dim: 6 dim: 6 } } }"
    'layer { name: "y" type: "Input" top: "y" input_param { shape { dim: 1 } } }\n'
)
OUT = layer("out", "InnerProduct", "%s", "out", "inner_product_param { num_output: 2 }") + layer(
    "loss", "SoftmaxWithLoss", "out y", "loss"
)
ABORTS = {  # what Caffe aborts on in making the net or running it: layers before the last two
    "kernel larger than the image": layer(
        "c", "Convolution", "x", "c", "convolution_param { num_output: 2 kernel_size: 7 }"
    ),
    "kernel missing": layer("c", "Convolution", "x", "c", "convolution_param { num_output: 2 }"),
    "group": layer(
        "c", "Convolution", "x", "c", "convolution_param { num_output: 4 kernel_size: 1 group: 2 }"
    ),
    "unknown filler": layer(
        "c",
        "Convolution",
        "x",
        "c",
        'convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "xaver" } }',
    ),
    "eltwise of two shapes": layer(
        "p", "Pooling", "x", "p", "pooling_param { kernel_size: 2 stride: 2 }"
    )
    + layer("c", "Eltwise", "x p", "c"),
    "concat of two shapes": layer(
        "p", "Pooling", "x", "p", "pooling_param { kernel_size: 2 stride: 2 }"
    )
    + layer("c", "Concat", "x p", "c"),
    "slice": layer("c", "Slice", "x", "c", "slice_param { slice_point: 9 }"),
    "a reshape that does not fit": layer(
        "c", "Reshape", "x", "c", "reshape_param { shape { dim: 0 dim: 7 dim: -1 } }"
    ),
    "a reshape for one batch": layer(
        "c", "Reshape", "x", "c", "reshape_param { shape { dim: 2 dim: 108 } }"
    ),
    "pooling pad": layer("c", "Pooling", "x", "c", "pooling_param { kernel_size: 2 pad: 2 }"),
    "stochastic pooling": layer(
        "c", "Pooling", "x", "c", "pooling_param { pool: STOCHASTIC kernel_size: 2 }"
    ),
    "LRN of even size": layer("c", "LRN", "x", "c", "lrn_param { local_size: 4 }"),
    "too few bottoms": layer("c", "Eltwise", "x", "c"),
    "scale axis": layer("c", "Scale", "x", "c", "scale_param { axis: 9 }"),
    "no input shape": None,
}


@pytest.mark.parametrize("name", ABORTS)
def test_kinds_of_nets_that_end_the_process(caffe, tmp_path, name):
    path = tmp_path / "theirs.prototxt"
    if ABORTS[name] is None:
        path.write_text(HEAD.replace("shape { dim: 1 }", "") + OUT % "x")
    else:
        path.write_text(HEAD + ABORTS[name] + OUT % "c")
    normalisation = Normalisation((1.0, 2.0, 3.0))
    patches = np.zeros((3, 3, 6, 6), np.uint8)
    attempts = [
        lambda: GradientLength(path, None),
        lambda: ImageScorer(path, None, normalisation),
        lambda: Features(path, None),
        lambda: NetScorer(path, None, normalisation).phi(patches),
        lambda: check_builds(path),
    ]
    for attempt in attempts:
        with pytest.raises(NetError, match="theirs.prototxt: ") as caught:
            attempt()
        assert "\n" not in str(caught.value)


def test_only_as_far_down_as_is_wanted(caffe, tmp_path):
    """A Threshold layer has no gradient and aborts if asked for one; above it phi is well."""
    path = tmp_path / "theirs.prototxt"
    conv = layer("c", "Convolution", "x", "c", "convolution_param { num_output: 2 kernel_size: 3 }")
    path.write_text(HEAD + conv + layer("t", "Threshold", "c", "t") + OUT % "t")
    scoring_net(path)
    GradientLength(path, None)
    with pytest.raises(NetError, match="Caffe cannot use this net: "):
        GradientLength(path, None, stop="c")


def test_a_trial_that_hangs(caffe, net_path, monkeypatch):
    monkeypatch.setattr(trial, "SECONDS", 0.2)
    monkeypatch.setattr(trial, "try_net", lambda *arguments: time.sleep(60))
    monkeypatch.setattr(trial, "_verdicts", {})
    path = net_path("three_classes")
    with pytest.raises(NetError, match="one pass took more than 0.2 seconds"):
        check_builds(path)


def test_a_new_process_where_cuda_forbids_a_fork(caffe, net_path, tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "built_with_cuda", lambda: True)
    monkeypatch.setattr(trial, "_verdicts", {})
    monkeypatch.setattr(trial, "_forked", None)
    check_builds(net_path("three_classes"))
    with pytest.raises(NetError, match="num_output_ > 0"):
        check_builds(write(tmp_path, net_path("three_classes"), no_outputs))


def test_the_trial_runs_no_module_of_the_current_folder(caffe, net_path, tmp_path, monkeypatch):
    for name in ("numpy", "caffe", "egl", "tempfile"):
        (tmp_path / (name + ".py")).write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(trial, "built_with_cuda", lambda: True)
    monkeypatch.setattr(trial, "_verdicts", {})
    check_builds(net_path("three_classes"))
