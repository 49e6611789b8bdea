import pytest

from egl.errors import NetError
from experiments.net_figure import Stage, net_figure, stages


def test_the_stages_are_fig_1(caffe):
    from egl.nets.definition import prototxt_path

    found = stages(prototxt_path("lenet_deploy.prototxt"))
    assert [(stage.blob, stage.shape, stage.parameters) for stage in found] == [
        ("data", (3, 48, 48), 0),
        ("conv1", (20, 44, 44), 20 * 75 + 20),
        ("pool1", (20, 22, 22), 0),
        ("conv2", (50, 18, 18), 50 * 500 + 50),
        ("pool2", (50, 9, 9), 0),
        ("ip1", (500,), 4050 * 500 + 500),
        ("ip2", (2,), 1002),
        ("prob", (2,), 0),
    ]
    assert found[5] == Stage(
        "ip1", ("ip1\nfully connected", "relu1\nReLU"), (500,), 4050 * 500 + 500
    )


def test_the_picture_says_shapes_and_parameters(caffe):
    from egl.nets.definition import prototxt_path

    (axis,) = net_figure(prototxt_path("lenet_score.prototxt")).axes
    said = "\n".join(text.get_text() for text in axis.texts)
    assert "20 x 44 x 44" in said and "2,025,500 parameters" in said and "label" not in said


def test_no_net(caffe, tmp_path):
    with pytest.raises(NetError, match="cannot be read"):
        net_figure(str(tmp_path / "none.prototxt"))


def test_the_committed_picture_is_the_net_of_today(caffe):
    from egl.nets.definition import prototxt_path
    from experiments.commands.net_picture import net_picture

    with open(prototxt_path("lenet_deploy.svg"), encoding="utf-8") as file:
        assert file.read() == net_picture()
