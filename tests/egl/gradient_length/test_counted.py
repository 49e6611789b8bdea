"""Which layers count, and the nets that do not suit phi."""

import pytest

from egl.errors import NetError
from egl.gradient_length.phi import GradientLength
from tests.egl.gradient_length.routes import layer_of, write_net

UNFIT = {  # part of the message: what makes the net unfit
    "loss_weight": lambda net: layer_of(net, "loss").loss_weight.append(0.5),
    "'norm' .BatchNorm. is not known to treat each sample": lambda net: setattr(
        layer_of(net, "norm").batch_norm_param, "use_global_stats", False
    ),
    "lr_mult 0": lambda net: layer_of(net, "hidden").param.add(lr_mult=0),
    "shares the parameter 'w'": lambda net: [
        layer_of(net, name).param.add(name="w") for name in ("hidden", "middle")
    ],
    "propagate_down": lambda net: layer_of(net, "tanh").propagate_down.append(False),
    "BatchReindex": lambda net: setattr(layer_of(net, "pool"), "type", "BatchReindex"),
    "one number per class": lambda net: (
        layer_of(net, "truth").input_param.shape[0].dim.extend([1, 9, 7]),
        layer_of(net, "loss").bottom.__setitem__(0, "conv"),
    ),
}


@pytest.mark.parametrize("message", UNFIT)
def test_nets_that_do_not_fit_are_an_error(net_path, tmp_path, caffe, message):
    path = write_net(tmp_path, net_path("three_classes"), UNFIT[message])
    with pytest.raises(NetError, match=message):
        GradientLength(path, None)
