"""Definitions read and checked: what Caffe would abort on is a NetError that says where."""

import os
import subprocess
import sys

import pytest

from egl.errors import NetError
from egl.nets.classifier import Classifier, find_classifier
from egl.nets.definition import (
    inner_products,
    layers_in_phase,
    parameter_layers,
    prototxt_path,
    read_net,
    read_solver,
)

DATA = (
    'layer { name: "data" type: "Input" top: "data" '
    "input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }\n"
)
LABEL = 'layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 1 } } }\n'
IP = (
    'layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" '
    "inner_product_param { num_output: 4 } }\n"
)
LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }\n'


@pytest.fixture
def write(tmp_path, caffe):
    def write(text, name="net.prototxt"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)

    return write


@pytest.mark.parametrize("name", ["lenet_score.prototxt", "lenet_train_val.prototxt"])
def test_lenet(caffe, name):
    path = prototxt_path(name)
    classifier = find_classifier(read_net(path), path)
    softmax = "prob" if name == "lenet_score.prototxt" else None
    assert classifier._replace(layers=()) == Classifier(
        path=path,
        layers=(),
        data="data",
        label="label",
        scores="ip2",
        scores_layer="ip2",
        loss="loss",
        loss_blob="loss",
        softmax=softmax,
        softmax_blob=softmax,
        classes=2,
        input_shape=(3, 48, 48),
    )
    assert parameter_layers(classifier.layers) == ["conv1", "conv2", "ip1", "ip2"]
    assert inner_products(classifier.layers) == ["ip1", "ip2"]


def test_other_nets(caffe, net_path):
    path = net_path("three_classes")
    classifier = find_classifier(read_net(path), path)
    assert classifier.data == "image" and classifier.label == "truth"
    assert classifier.scores == "out" and classifier.classes == 3
    assert parameter_layers(classifier.layers) == [
        "conv",
        "norm",
        "scale",
        "hidden",
        "middle",
        "out",
    ]
    path = net_path("mnist_lenet")
    assert find_classifier(read_net(path), path).classes == 10


def test_names_of_the_loss_and_of_the_softmax(write, caffe):
    softmax = 'layer { name: "soft" type: "Softmax" bottom: "ip" top: "p" }\n'
    cost = LOSS.replace('name: "loss"', 'name: "cost"')
    path = write(DATA + LABEL + IP + softmax + cost)
    classifier = find_classifier(read_net(path), path)
    assert (classifier.loss, classifier.loss_blob) == ("cost", "loss")
    assert (classifier.softmax, classifier.softmax_blob) == ("soft", "p")
    assert classifier.input_shape == (3, 8, 8)


def test_a_softmax_of_something_else_is_not_the_posterior(write):
    other = 'layer { name: "soft" type: "Softmax" bottom: "data" top: "p" }\n'
    across = (
        'layer { name: "rows" type: "Softmax" bottom: "ip" top: "r" softmax_param { axis: 0 } }\n'
    )
    path = write(DATA + LABEL + IP + other + across + LOSS)
    classifier = find_classifier(read_net(path), path)
    assert classifier.softmax is None and classifier.softmax_blob is None


def test_the_top_of_a_loss_may_have_no_name(write, caffe):
    path = write(DATA + LABEL + IP + LOSS.replace(' top: "loss"', ""))
    blob = find_classifier(read_net(path), path).loss_blob
    assert blob in caffe.Net(path, caffe.TEST).blobs


def test_a_training_net_with_inputs_in_that_phase_alone(write, caffe):
    fed = (DATA + LABEL).replace(" } } }", " } } include { phase: TRAIN } }")
    path = write(
        fed
        + IP.replace("}\n", "include { phase: TRAIN } }\n")
        + LOSS.replace("}", "include { phase: TRAIN } }")
    )
    assert find_classifier(read_net(path), path, caffe.TRAIN).loss_blob == "loss"
    with pytest.raises(NetError, match="has none"):
        find_classifier(read_net(path), path)


def test_an_input_layer_needs_its_shapes(write):
    two = 'layer { name: "in" type: "Input" top: "data" top: "label" %s }\n'
    path = write(two % "input_param { shape { dim: 1 } }" + IP + LOSS)
    assert find_classifier(read_net(path), path).input_shape == ()
    path = write(two % "" + IP + LOSS)
    with pytest.raises(NetError, match="'in' needs a shape for each top, or one for all"):
        find_classifier(read_net(path), path)


def test_packaged_net_that_is_not_there():
    with pytest.raises(NetError, match="lenet_5.prototxt: no such net"):
        prototxt_path("lenet_5.prototxt")


def test_prototxt_of_an_installed_package(tmp_path):
    """Installed, the folder lies inside the package and not beside it."""
    package = tmp_path / "egl"
    (package / "prototxt").mkdir(parents=True)
    (package / "nets").mkdir()
    (package / "prototxt" / "a.prototxt").write_text("")
    source = os.path.dirname(os.path.dirname(prototxt_path("lenet_score.prototxt")))
    for name in (
        "__init__",
        "errors",
        "nets/__init__",
        "nets/runtime",
        "nets/arguments",
        "nets/graph",
        "nets/parsing",
        "nets/definition",
    ):
        with open(os.path.join(source, "egl", name + ".py")) as file:
            (package / (name + ".py")).write_text(file.read())
    code = "from egl.nets.definition import prototxt_path; print(prototxt_path('a.prototxt'))"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=str(tmp_path),
        env=dict(os.environ, PYTHONPATH=os.pathsep.join([str(tmp_path), source])),
        stdout=subprocess.PIPE,
        check=True,
    )
    assert result.stdout.decode().strip() == str(package / "prototxt" / "a.prototxt")


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "no layers"),
        ('name: "only a name"', "no layers"),
        (DATA + "layer { name: 3 }", r"net.prototxt:2:15"),
        (DATA + 'layer { name: "a" type: "ReLU" botom: "data" }', r"net.prototxt:2:32.*botom"),
        (DATA + "layer {", r"net.prototxt:2"),
        (
            DATA + 'layer { name: "a" type: "Relu" bottom: "data" top: "a" }',
            "'a' has the type 'Relu'",
        ),
        (
            DATA + 'layer { name: "a" type: "ReLU" bottom: "date" top: "a" }',
            "'a' reads the blob 'date'",
        ),
        (
            DATA + 'layer { name: "a" type: "ReLU" bottom: "data" top: "a" }' * 2,
            "two layers are named 'a'",
        ),
        (
            DATA + LABEL + 'layer { name: "a" type: "ReLU" bottom: "data" top: "label" }',
            "'a' makes the blob 'label' a second time",
        ),
        ('layers { name: "a" type: RELU }', "upgrade_net_proto_text"),
        (IP + DATA, "'ip' reads the blob 'data'"),
    ],
)
def test_what_caffe_would_abort_on(write, text, message):
    with pytest.raises(NetError, match=message):
        read_net(write(text))


def test_layers_of_a_phase(write, caffe):
    rules = {
        "always": "",
        "train": "include { phase: TRAIN }",
        "test": "include { phase: TEST }",
        "not test": "exclude { phase: TEST }",
        "stage": 'include { stage: "deploy" }',
        "not stage": 'include { not_stage: "deploy" }',
        "level": "include { min_level: 1 }",
        "two": "include { phase: TRAIN } include { phase: TEST max_level: 0 }",
    }
    text = "".join(
        f'layer {{ name: "{name}" type: "Silence" {rule} }}\n' for name, rule in rules.items()
    )
    net = read_net(write(text))
    names = lambda phase: [layer.name for layer in layers_in_phase(net, phase)]  # noqa: E731
    assert names(caffe.TRAIN) == ["always", "train", "not test", "not stage", "two"]
    assert names(caffe.TEST) == ["always", "test", "not stage", "two"]
    net.state.stage.append("deploy")
    net.state.level = 1
    assert names(caffe.TEST) == ["always", "test", "stage", "level"]


def test_scores_written_in_place_and_through_a_pooling(write):
    text = (
        DATA + LABEL + 'layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" '
        "convolution_param { num_output: 6 kernel_size: 1 } }"
        'layer { name: "pool" type: "Pooling" bottom: "conv" top: "ip" '
        "pooling_param { pool: AVE global_pooling: true } }"
        'layer { name: "drop" type: "Dropout" bottom: "ip" top: "ip" }' + LOSS
    )
    path = write(text)
    classifier = find_classifier(read_net(path), path)
    assert (classifier.classes, classifier.scores_layer) == (6, "drop")


@pytest.mark.parametrize(
    "text, message",
    [
        (DATA + LABEL + IP, "exactly one loss.*has none"),
        (
            DATA + LABEL + IP + LOSS + LOSS.replace('"loss"', '"aux"'),
            r"has loss \(SoftmaxWithLoss\), aux \(SoftmaxWithLoss\)",
        ),
        (
            DATA + LABEL + IP + LOSS.replace("SoftmaxWithLoss", "HingeLoss"),
            r"has loss \(HingeLoss\)",
        ),
        (DATA + LABEL + IP + LOSS.replace("}", "loss_weight: 2 }"), "loss_weight"),
        (DATA + LABEL + IP + LOSS.replace("}", "loss_param { ignore_label: 0 } }"), "ignore_label"),
        (DATA + LABEL + IP + LOSS.replace("}", "softmax_param { axis: 2 } }"), "axis 2"),
        (
            DATA + LABEL + LABEL.replace('"label"', '"more"') + IP + LOSS,
            "they feed data, label, more",
        ),
        (
            DATA + IP + LOSS.replace('bottom: "label"', 'bottom: "data"'),
            "must feed the label 'data' and one data blob",
        ),
        (DATA + LABEL + LOSS.replace('"ip"', '"data"'), "number of classes cannot be found"),
    ],
)
def test_nets_that_are_no_classifier(write, text, message):
    path = write(text)
    with pytest.raises(NetError, match=message):
        find_classifier(read_net(path), path)


def test_an_accuracy_layer_is_no_loss_and_a_loss_of_weight_0_neither(write):
    more = LOSS.replace('"loss"', '"aux"').replace("}", "loss_weight: 0 }")
    accuracy = (
        'layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" }'
    )
    path = write(DATA + LABEL + IP + LOSS + more + accuracy)
    assert find_classifier(read_net(path), path).loss == "loss"


def test_solver(write, caffe, monkeypatch, tmp_path):
    solver = read_solver(prototxt_path("lenet_solver.prototxt"))
    assert solver.net == prototxt_path("lenet_train_val.prototxt")
    net = write(DATA + IP)
    write('net: "net.prototxt" lr_policy: "fixed"', "solver.prototxt")
    monkeypatch.chdir(tmp_path)
    assert read_solver("solver.prototxt").net == net
    (tmp_path / "solvers").mkdir()  # named from the folder above, or from the current one
    write('net: "net.prototxt" lr_policy: "fixed"', "solvers/solver.prototxt")
    assert read_solver("solvers/solver.prototxt").net == net


@pytest.mark.parametrize(
    "text, message",
    [
        ('net: "nowhere.prototxt" lr_policy: "fixed"', "nowhere.prototxt is not there"),
        ('lr_policy: "fixed"', "field net"),
        ('train_net: "net.prototxt" lr_policy: "fixed"', "field net"),
        ('net: "net.prototxt" lr_policy: "constant"', "lr_policy 'constant'"),
        ('net: "net.prototxt"', "lr_policy ''"),
        ('net: "net.prototxt" lr_policy: "fixed" type: "Adams"', "solver type 'Adams'"),
        ('net: "net.prototxt" base_lr: fast', "solver.prototxt:1:30"),
    ],
)
def test_solvers_that_caffe_would_abort_on(write, text, message):
    write(DATA + IP)
    with pytest.raises(NetError, match=message):
        read_solver(write(text, "solver.prototxt"))
