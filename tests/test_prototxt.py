"""The nets in prototxt/ are the paper's LeNet, and all the same one."""

from itertools import chain

import numpy as np
import pytest

SHAPES = {
    "conv1": (20, 44, 44),
    "pool1": (20, 22, 22),
    "conv2": (50, 18, 18),
    "pool2": (50, 9, 9),
    "ip1": (500,),
    "ip2": (2,),
}
ASIDE = ("data", "label", "accuracy", "prob", "loss")


def layers(name):
    from egl.nets.definition import prototxt_path, read_net

    return [layer for layer in read_net(prototxt_path(name)).layer if layer.name not in ASIDE]


@pytest.mark.parametrize("name", ["lenet_train_val.prototxt", "lenet_score.prototxt"])
@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
def test_shapes(caffe, name, phase):
    from egl.nets.definition import prototxt_path

    net = caffe.Net(prototxt_path(name), getattr(caffe, phase))
    for blob, shape in SHAPES.items():
        assert net.blobs[blob].data.shape[1:] == shape
    parameters = sum(blob.data.size for blob in chain.from_iterable(net.params.values()))
    assert parameters == 20 * 75 + 20 + 50 * 500 + 50 + 4050 * 500 + 500 + 500 * 2 + 2


def essence(layer):
    """What a layer is, but for fillers and learning rates, which only training needs."""
    layer.ClearField("param")
    for kind in ("convolution_param", "inner_product_param"):
        if layer.HasField(kind):
            getattr(layer, kind).ClearField("weight_filler")
            getattr(layer, kind).ClearField("bias_filler")
    return str(layer)


@pytest.mark.parametrize("name", ["lenet_score.prototxt", "lenet_deploy.prototxt"])
def test_the_nets_are_one_layer_by_layer(caffe, name):
    trained = [essence(layer) for layer in layers("lenet_train_val.prototxt")]
    assert [essence(layer) for layer in layers(name)] == trained


def test_the_net_for_photographs_has_convolutions_for_the_fully_connected_layers(caffe):
    for dense, layer in zip(layers("lenet_dense.prototxt"), layers("lenet_train_val.prototxt")):
        if layer.type == "InnerProduct":
            assert (dense.name, dense.type) == (layer.name, "Convolution")
            assert list(dense.bottom) == list(layer.bottom)
            assert dense.convolution_param.num_output == layer.inner_product_param.num_output
        else:
            assert essence(dense) == essence(layer)


@pytest.mark.parametrize("name", ["lenet_score.prototxt", "lenet_deploy.prototxt"])
def test_the_posterior_comes_from_the_scores(caffe, name):
    from egl.nets.definition import prototxt_path, read_net

    (prob,) = (layer for layer in read_net(prototxt_path(name)).layer if layer.name == "prob")
    assert (prob.type, list(prob.bottom), list(prob.top)) == ("Softmax", ["ip2"], ["prob"])


@pytest.mark.parametrize(
    "stage, phase, types",
    [
        (None, "TRAIN", ["Input", "Input"]),
        (None, "TEST", ["Input", "Input"]),
        ("hdf5", "TRAIN", ["HDF5Data"]),
        ("hdf5", "TEST", ["HDF5Data"]),
        ("lmdb", "TRAIN", ["Data"]),
        ("lmdb", "TEST", ["Data"]),
    ],
)
def test_a_stage_chooses_where_the_patches_come_from(caffe, stage, phase, types):
    from egl.nets.definition import layers_in_phase, prototxt_path, read_net

    net = read_net(prototxt_path("lenet_train_val.prototxt"))
    if stage:
        net.state.stage.append(stage)
    built = layers_in_phase(net, getattr(caffe, phase))
    assert [layer.type for layer in built if layer.name in ("data", "label")] == types
    assert [layer.name for layer in built if layer.type in types][: len(types)]
    assert [top for layer in built[: len(types)] for top in layer.top] == ["data", "label"]


def test_the_solver_has_the_paper_s_rate(caffe):
    from egl.nets.definition import prototxt_path, read_solver

    solver = read_solver(prototxt_path("lenet_solver.prototxt"))
    assert solver.base_lr == pytest.approx(0.01)
    assert solver.lr_policy == "fixed"


def test_the_solver_has_all_that_caffe_train_wants(caffe):
    from egl.nets.definition import prototxt_path, read_solver

    solver = read_solver(prototxt_path("lenet_solver.prototxt"))
    assert min(solver.test_iter[0], solver.test_interval, solver.display, solver.snapshot) > 0
    assert list(solver.train_state.stage) == list(solver.test_state[0].stage) == ["hdf5"]


def test_the_deploy_net_is_a_classifier(caffe, lenet_weights):
    """caffe.Classifier normalises as the store does: B, G, R minus the mean, times 1 / 64."""
    from egl.nets.definition import prototxt_path

    path, score = lenet_weights
    patches = np.random.RandomState(3).randint(0, 256, (3, 48, 48, 3)).astype(np.uint8)
    mean = np.array([90.0, 100.0, 110.0])
    net = caffe.Classifier(
        prototxt_path("lenet_deploy.prototxt"), path, mean=mean, input_scale=1 / 64
    )
    found = net.predict(patches.astype(np.float32), oversample=False)
    score.blobs["data"].reshape(3, 3, 48, 48)
    score.blobs["label"].reshape(3)
    score.blobs["data"].data[...] = ((patches - mean) / 64).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(found, score.forward(end="prob")["prob"], atol=1e-6)


@pytest.fixture
def lenet_weights(caffe, tmp_path):
    """The path of weights drawn at random, and the net for scoring that holds them."""
    from egl.nets.building import scoring_net
    from egl.nets.definition import prototxt_path

    net = scoring_net(prototxt_path("lenet_score.prototxt"))
    rng = np.random.RandomState(2)
    for blob in chain.from_iterable(net.params.values()):
        blob.data[...] = rng.randn(*blob.data.shape) * 0.02
    net.save(str(tmp_path / "random.caffemodel"))
    return str(tmp_path / "random.caffemodel"), net
