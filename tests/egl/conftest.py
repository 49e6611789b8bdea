"""What several tests of egl need: nets with known weights, a trained LeNet, real patches."""

import os

import numpy as np
import pytest

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture(scope="session")
def net_path():
    """Path of a prototxt in tests/egl/prototxt."""
    return lambda name: os.path.join(HERE, "prototxt", name + ".prototxt")


@pytest.fixture(scope="session")
def random_net(caffe):
    """A net in phase TEST with weights drawn from numpy, variance 1 / fan-in."""

    def make(prototxt, seed=0, batch=1):
        from egl.nets.building import scoring_net

        rng = np.random.RandomState(seed)
        net = scoring_net(prototxt, batch=batch)
        types = dict(zip(net._layer_names, (layer.type for layer in net.layers)))
        for name, blobs in net.params.items():
            if types[name] == "BatchNorm":
                blobs[0].data[...] = rng.randn(*blobs[0].data.shape) * 0.1
                blobs[1].data[...] = rng.uniform(0.5, 2, blobs[1].data.shape)
                blobs[2].data[...] = 1
                continue
            for blob in blobs:
                shape = blob.data.shape
                blob.data[...] = rng.randn(*shape) / np.sqrt(
                    np.prod(shape[1:]) if len(shape) > 1 else 2
                )
        return net

    return make


@pytest.fixture(scope="session")
def lenet(random_net):
    """LeNet with random weights; its path is lenet_score.prototxt."""
    from egl.nets.definition import prototxt_path

    return random_net(prototxt_path("lenet_score.prototxt"))


def draw_patches(n, seed):
    """Return n noisy patches, normalised, and labels; every second patch has a bright disc."""
    rng = np.random.RandomState(seed)
    patches = rng.randn(n, 3, 48, 48).astype(np.float32)
    y, x = np.mgrid[:48, :48]
    labels = np.arange(n) % 2
    for patch in patches[1::2]:
        centre, radius = rng.uniform(12, 36, 2), rng.uniform(2, 8)
        patch += 1.5 * ((y - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2)
    return patches, labels


@pytest.fixture(scope="session")
def patches():
    return draw_patches(70, seed=1)[0]


@pytest.fixture(scope="session")
def trained(caffe, tmp_path_factory):
    """A solver whose LeNet was trained for 25 iterations: it tells the discs from the noise."""
    from data_prep.normalisation import Normalisation
    from egl.training.settings import TrainerSettings
    from egl.training.trainer import Trainer

    folder = str(tmp_path_factory.mktemp("solver"))
    solver = Trainer(TrainerSettings(), Normalisation((0.0, 0.0, 0.0)), folder).solver
    samples, labels = draw_patches(25 * 32, seed=2)
    for start in range(0, len(samples), 32):
        solver.net.blobs["data"].data[...] = samples[start : start + 32]
        solver.net.blobs["label"].data[...] = labels[start : start + 32]
        solver.step(1)
    return solver


@pytest.fixture(scope="session")
def real_image(real_data):
    """A photograph of IDRiD at half size, uint8 H x W x 3 BGR; a skip where the data is absent."""
    cv2 = pytest.importorskip("cv2")
    return cv2.imread(str(min((real_data / "idrid-half").rglob("*.jpg"))))


@pytest.fixture(scope="session")
def real_patches(real_image):
    """24 patches of a photograph, normalised as for training: channel means off, times 1/64."""
    rng = np.random.RandomState(3)
    height, width = real_image.shape[:2]
    corners = zip(rng.randint(0, height - 48, 24), rng.randint(width // 4, 3 * width // 4, 24))
    cut = np.stack([real_image[y : y + 48, x : x + 48] for y, x in corners]).transpose(0, 3, 1, 2)
    return ((cut - real_image.mean(axis=(0, 1)).reshape(1, 3, 1, 1)) / 64).astype(np.float32)


@pytest.fixture
def kill_at():
    """kill_at(iteration): a `progress` that ends a run there, as a signal would: kill_at.Killed."""

    class Killed(BaseException):
        pass

    def kill_at(iteration):
        def progress(done, total):
            if done == iteration:
                raise Killed

        return progress

    kill_at.Killed = Killed
    return kill_at
