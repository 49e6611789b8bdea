"""The nets in prototxt/ are the paper's LeNet, and all the same one."""

from itertools import chain

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


@pytest.mark.parametrize("name", ["lenet_train_test.prototxt", "lenet_score.prototxt"])
@pytest.mark.parametrize("phase", ["TRAIN", "TEST"])
def test_shapes(caffe, name, phase):
    from egl.nets.definition import prototxt_path

    net = caffe.Net(prototxt_path(name), getattr(caffe, phase))
    for blob, shape in SHAPES.items():
        assert net.blobs[blob].data.shape[1:] == shape
    parameters = sum(blob.data.size for blob in chain.from_iterable(net.params.values()))
    assert parameters == 20 * 75 + 20 + 50 * 500 + 50 + 4050 * 500 + 500 + 500 * 2 + 2


def test_the_scoring_net_is_the_training_net(caffe):
    """But for fillers and learning rates, which scoring does not need."""

    def essence(layer):
        layer.ClearField("param")
        for kind in ("convolution_param", "inner_product_param"):
            if layer.HasField(kind):
                getattr(layer, kind).ClearField("weight_filler")
                getattr(layer, kind).ClearField("bias_filler")
        return str(layer)

    assert [essence(layer) for layer in layers("lenet_train_test.prototxt")] == [
        essence(layer) for layer in layers("lenet_score.prototxt")
    ]


def test_the_solver_has_the_paper_s_rate(caffe):
    from egl.nets.definition import prototxt_path, read_solver

    solver = read_solver(prototxt_path("lenet_solver.prototxt"))
    assert solver.base_lr == pytest.approx(0.01)
    assert solver.lr_policy == "fixed"


def test_caffe_s_own_command_can_train_it(caffe, small_store, tmp_path):
    """The exported files, an HDF5Data layer, the same net and Caffe's own loop: `caffe train`."""
    from egl.nets.definition import prototxt_path, read_net, read_solver
    from egl.training.export import export

    export(small_store.path, str(tmp_path / "hdf5"), "hdf5")
    net = read_net(prototxt_path("lenet_train_test.prototxt"))
    others = [layer for layer in net.layer if layer.name not in ("data", "label")]
    del net.layer[:]
    source = net.layer.add(name="data", type="HDF5Data", top=["data", "label"])
    source.hdf5_data_param.source = str(tmp_path / "hdf5" / "train.txt")
    source.hdf5_data_param.batch_size = 32
    net.layer.extend(others)
    solver = read_solver(prototxt_path("lenet_solver.prototxt"))
    solver.ClearField("net")
    solver.train_net_param.CopyFrom(net)
    solver.max_iter = 12
    solver.snapshot_after_train = False
    (tmp_path / "solver.prototxt").write_text(str(solver))
    solver = caffe.get_solver(str(tmp_path / "solver.prototxt"))
    solver.step(1)
    first = float(solver.net.blobs["loss"].data)
    solver.step(11)
    assert float(solver.net.blobs["loss"].data) < first
