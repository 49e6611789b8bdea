"""Nets at random, as prototxt: small ones of many kinds of layers, and LeNets that are altered."""

from egl.nets.definition import prototxt_path, read_net

POINTWISE = {  # kind: its settings; each keeps the shape of its bottom
    "BatchNorm": "",
    "Scale": "scale_param { bias_term: true }",
    "Bias": "",
    "TanH": "",
    "Sigmoid": "",
    "ELU": "elu_param { alpha: 0.7 }",
    "PReLU": "",
    "ReLU": "relu_param { negative_slope: 0.1 }",
    "Power": "power_param { scale: 0.6 shift: 0.2 }",
    "Dropout": "dropout_param { dropout_ratio: 0.4 }",
    "LRN": "lrn_param { local_size: 3 alpha: 0.5 }",
    "MVN": "",
}
ONLY_ON_MAPS = ("LRN", "MVN")  # of an InnerProduct's single numbers they make zeros, or fail
NOT_IN_PLACE = ("LRN", "MVN")


def small_net(random):
    """Return (prototxt, shape of a sample) of a net for 2 to 4 classes."""
    shape = (random.randint(1, 4), random.randint(8, 13), random.randint(8, 13))
    net = _Writer(random, shape)
    net.pointwise(random.randint(0, 2))
    for _ in range(random.randint(1, 3)):
        net.add(
            "Convolution",
            f"convolution_param {{ num_output: {random.randint(2, 6)} kernel_size: 3 "
            f"pad: {random.randint(0, 2)} bias_term: {random.choice(['true', 'false'])} }}",
        )
        net.pointwise(random.randint(0, 3))
        if random.randint(2):
            kind = random.choice(["MAX", "AVE"])
            net.add("Pooling", f"pooling_param {{ pool: {kind} kernel_size: 2 stride: 2 }}")
    net.maps = False
    for _ in range(random.randint(0, 3)):
        net.add("InnerProduct", f"inner_product_param {{ num_output: {random.randint(3, 9)} }}")
        net.pointwise(random.randint(0, 3))
    if random.randint(2):
        net.side_head()
    net.add("InnerProduct", f"inner_product_param {{ num_output: {random.randint(2, 5)} }}")
    net.pointwise(random.randint(0, 2))
    return net.text(), shape


def nothing_in_place(net):
    """Give each layer in place of a NetParameter a top of its own; return the net."""
    present = {}
    for layer in net.layer:
        wanted = [present.get(blob, blob) for blob in layer.bottom]
        for index, top in enumerate(layer.top):
            if top in layer.bottom:
                present[top] = layer.top[index] = f"{top}_{layer.name}"
        layer.bottom[:] = wanted
    return net


class _Writer:
    """Writes layers one on top of the other."""

    def __init__(self, random, shape):
        self.random, self.maps, self._top, self._n = random, True, "data", 0
        dims = " ".join(f"dim: {size}" for size in (1,) + shape)
        self._lines = [
            'layer { name: "data" type: "Input" top: "data" '
            f"input_param {{ shape {{ {dims} }} }} }}",
            'layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 1 } } }',
        ]

    def add(self, kind, settings, in_place=False):
        self._n += 1
        name, bottom = f"{kind}_{self._n}", self._top
        self._top = bottom if in_place else name
        self._lines.append(
            f'layer {{ name: "{name}" type: "{kind}" bottom: "{bottom}" top: "{self._top}" '
            f"{settings} }}"
        )

    def pointwise(self, n):
        kinds = [kind for kind in POINTWISE if self.maps or kind not in ONLY_ON_MAPS]
        for kind in self.random.choice(kinds, n):
            in_place = kind not in NOT_IN_PLACE and bool(self.random.randint(3))
            self.add(kind, POINTWISE[kind], in_place)

    def side_head(self):
        """A head whose loss counts in training only; the next layer must not work in place."""
        self._lines.append(
            f'layer {{ name: "side" type: "InnerProduct" bottom: "{self._top}" top: "side" '
            "inner_product_param { num_output: 2 } }\n"
            'layer { name: "side_loss" type: "SoftmaxWithLoss" bottom: "side" bottom: "label" '
            'top: "side_loss" include { phase: TRAIN } }'
        )

    def text(self):
        loss = (
            f'layer {{ name: "loss" type: "SoftmaxWithLoss" bottom: "{self._top}" bottom: "label" '
            'top: "loss" }'
        )
        return "\n".join([*self._lines, loss])


def altered_lenet(random):
    """Return (prototxt, shape of a sample, what) of lenet_score.prototxt with one change."""
    net = read_net(prototxt_path("lenet_score.prototxt"))
    layers = {layer.name: layer for layer in net.layer}
    shape = [3, 48, 48]
    kind = random.choice(["in place", "size", "channels", "classes", "pooling", "kernel", "relu"])
    if kind == "in place":
        blob = random.choice(["data", "conv1", "pool1", "conv2", "pool2", "ip1", "ip2"])
        writers = [index for index, layer in enumerate(net.layer) if blob in layer.top]
        kinds = [name for name in POINTWISE if name not in NOT_IN_PLACE]
        _insert(net, writers[-1] + 1, random.choice(kinds), blob)
    elif kind == "size":
        shape[1:] = random.choice([44, 48, 52, 64], 2)
        shape[1] += 4 * (shape[1:] == [48, 48])
    elif kind == "channels":
        shape[0] = 1
    elif kind == "classes":
        layers["ip2"].inner_product_param.num_output = random.randint(3, 5)
    elif kind == "pooling":
        layers[random.choice(["pool1", "pool2"])].pooling_param.pool = 1  # AVE
    elif kind == "kernel":
        layers["conv2"].convolution_param.kernel_size[0] = 3
    else:
        layers["relu1"].relu_param.negative_slope = 0.2
    layers["data"].input_param.shape[0].dim[1:] = shape
    return str(net), tuple(int(size) for size in shape), kind


def _insert(net, index, kind, blob):
    """Put a layer in place on `blob` before the layer `index`."""
    from google.protobuf import text_format

    new = text_format.Parse(
        f'layer {{ name: "new" type: "{kind}" bottom: "{blob}" top: "{blob}" {POINTWISE[kind]} }}',
        type(net)(),
    ).layer[0]
    layers = [*net.layer[:index], new, *net.layer[index:]]
    copies = [type(new).FromString(layer.SerializeToString()) for layer in layers]
    del net.layer[:]
    net.layer.extend(copies)
