import numpy as np
import pytest

from experiments.detector.exclusion import Disc
from experiments.detector.features import NAMES, Scene, describe, slope

WIDTH = 300  # a ring is 2 pixels wide, a crowd 30
RECTANGLE = (slice(40, 44), slice(60, 66))


@pytest.fixture
def scene():
    """200 x 300 pixels of one colour and no contrast, the disc in a corner."""
    image = np.full((200, WIDTH, 3), (40, 50, 100), np.uint8)
    wide, narrow, darkness = (
        np.zeros(shape, np.float32) for shape in ((200, WIDTH, 3), (200, WIDTH), (200, WIDTH))
    )
    return Scene(image, np.ones((200, WIDTH), bool), wide, narrow, darkness, Disc(0.0, 0.0, 20.0))


def labelled(*boxes):
    labels = np.zeros((200, WIDTH), np.int32)
    for number, box in enumerate(boxes, 1):
        labels[box] = number
    return labels


def described(labels, scene, level=0):
    rows = describe(labels, scene, level)
    assert rows.dtype == np.float32
    assert np.isfinite(rows).all()
    return [dict(zip(NAMES, row.tolist())) for row in rows]


def expect(features, **values):
    for name, value in values.items():
        assert features[name] == pytest.approx(value, rel=1e-4, abs=1e-5), name


def test_the_table_names_every_feature():
    from experiments.detector import features

    words = features.__doc__.replace(",", " ").split()
    for name in NAMES:
        assert name in words or (
            "_" + name.split("_")[-1] in words and name.split("_")[0] in ("contrast", "step")
        ), name
    assert len(set(NAMES)) == len(NAMES)


def test_shape_of_a_rectangle(scene):
    (features,) = described(labelled(RECTANGLE), scene)
    # Second moments of 4 rows: 16/12, of 6 columns: 36/12, pixels being squares.
    expect(
        features,
        level=0,
        size=24**0.5 / WIDTH,
        elongation=1.5,
        compactness=16**2 / (4 * np.pi * 24),
    )


def test_a_slanting_line_is_long(scene):
    labels = labelled()
    labels[range(50, 62), range(80, 92)] = 1
    (features,) = described(labels, scene, level=3)
    # Along the diagonal: twice the moment of 12 pixels, minus a part of a pixel's own; across: a
    # pixel's.
    expect(
        features,
        level=3,
        size=12**0.5 / WIDTH,
        elongation=(2 * 143 + 1) ** 0.5,
        compactness=12 / (4 * np.pi),
    )


def test_colours(scene):
    scene.image[RECTANGLE] = (20, 100, 200)
    (features,) = described(labelled(RECTANGLE), scene)
    expect(features, red=2, green=2, blue=0.5, green_red=0.5, blue_green=0.2)


def test_contrasts_and_ring(scene):
    scene.wide[38:46, 58:68] = (0.3, 0.1, 0.2)
    scene.wide[RECTANGLE] = (0.4, 0.3, 0.1)
    scene.wide[40, 60, 1] = 0.9
    scene.narrow[40, 60] = 0.48
    scene.darkness[:, 63:] = 0.1  # the right half
    (features,) = described(labelled(RECTANGLE), scene)
    expect(features, contrast_blue=0.4, contrast_green=0.3 + 0.6 / 24, contrast_red=0.1)
    expect(features, step_blue=0.1, step_green=0.2 + 0.6 / 24, step_red=-0.1)
    expect(features, peak=0.9, spread=0.6 * 23**0.5 / 24, narrow=0.02)
    expect(features, ring=0.1, ring_spread=0, ring_dark=0.5)


def test_rings_stop_half_way_to_the_neighbour_and_at_the_field_of_view(scene):
    left, right = (slice(40, 50), slice(60, 70)), (slice(40, 50), slice(72, 82))
    scene.wide[:, 70, 1], scene.wide[:, 71, 1] = 0.5, -0.5
    scene.field[:40], scene.field[50:] = False, False
    one, other = described(labelled(left, right), scene)
    # The ring of each: 2 columns of 10 pixels on its far side, 1 between them.
    expect(one, ring=0.5 / 3, step_green=-0.5 / 3)
    expect(other, ring=-0.5 / 3)


def test_a_candidate_without_a_ring(scene):
    scene.wide[RECTANGLE] = 0.3
    scene.field[:] = False
    scene.field[RECTANGLE] = True
    (features,) = described(labelled(RECTANGLE), scene)
    expect(features, ring=0.3, step_green=0, step_red=0)


def test_gradient(scene):
    scene.wide[..., 1] = 0.01 * np.arange(WIDTH)
    (features,) = described(labelled(RECTANGLE), scene)
    expect(features, edge=0.01, inner=0.01, edge_noise=1)


def test_context(scene):
    boxes = [(slice(100, 101), slice(column, column + 1)) for column in (100, 109, 125, 180)]
    rows = described(labelled(*boxes), scene)
    assert [row["crowd"] for row in rows] == [2, 2, 2, 0]
    expect(rows[0], disc_distance=np.hypot(100, 100) / WIDTH, rim_distance=100 / WIDTH)


def test_none(scene):
    assert describe(labelled(), scene, 0).shape == (0, len(NAMES))


def test_slope_of_a_ramp():
    ramp = np.tile(0.01 * np.arange(50, dtype=np.float32), (40, 1))
    assert slope(ramp)[5:-5, 5:-5] == pytest.approx(0.01, rel=1e-4)
