import numpy as np
import pytest

from experiments.detector.exclusion import Disc
from experiments.detector.features import NAMES, Seen, describe, slope
from experiments.detector.regions import Regions, outlines

WIDTH = 300  # a ring is 2 pixels wide, a crowd 30
RECTANGLE = (slice(40, 44), slice(60, 66))


@pytest.fixture
def seen():
    """200 x 300 pixels of one colour and no contrast, the disc in a corner."""
    image = np.full((200, WIDTH, 3), (40, 50, 100), np.uint8)
    wide, narrow, darkness = (
        np.zeros(shape, np.float32) for shape in ((200, WIDTH, 3), (200, WIDTH), (200, WIDTH))
    )
    return Seen(image, np.ones((200, WIDTH), bool), wide, narrow, darkness, Disc(0.0, 0.0, 20.0))


def labelled(*boxes):
    labels = np.zeros((200, WIDTH), np.int32)
    for number, box in enumerate(boxes, 1):
        labels[box] = number
    return labels


def told(labels, seen, level=0):
    rows = describe(labels, seen, level)
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


def test_shape_of_a_rectangle(seen):
    (features,) = told(labelled(RECTANGLE), seen)
    # Second moments of 4 rows: 16/12, of 6 columns: 36/12, pixels being squares.
    expect(
        features,
        level=0,
        size=24**0.5 / WIDTH,
        elongation=1.5,
        compactness=16**2 / (4 * np.pi * 24),
    )


def test_a_slanting_line_is_long(seen):
    labels = labelled()
    labels[range(50, 62), range(80, 92)] = 1
    (features,) = told(labels, seen, level=3)
    # Along the diagonal: twice the moment of 12 pixels, less what is left of a pixel's own; across: a pixel's.
    expect(
        features,
        level=3,
        size=12**0.5 / WIDTH,
        elongation=(2 * 143 + 1) ** 0.5,
        compactness=12 / (4 * np.pi),
    )


def test_colours(seen):
    seen.image[RECTANGLE] = (20, 100, 200)
    (features,) = told(labelled(RECTANGLE), seen)
    expect(features, red=2, green=2, blue=0.5, green_red=0.5, blue_green=0.2)


def test_contrasts_and_ring(seen):
    seen.wide[38:46, 58:68] = (0.3, 0.1, 0.2)
    seen.wide[RECTANGLE] = (0.4, 0.3, 0.1)
    seen.wide[40, 60, 1] = 0.9
    seen.narrow[40, 60] = 0.48
    seen.darkness[:, 63:] = 0.1  # the right half
    (features,) = told(labelled(RECTANGLE), seen)
    expect(
        features, contrast_blue=0.4, contrast_green=0.3 + 0.6 / 24, contrast_red=0.1, step_blue=0.1, step_red=-0.1, ring=0.1, peak=0.9,
        step_green=0.2 + 0.6 / 24, ring_spread=0, ring_dark=0.5, narrow=0.02, spread=0.6 * 23 ** 0.5 / 24,
    )  # fmt: skip


def test_rings_stop_half_way_to_the_neighbour_and_at_the_field_of_view(seen):
    left, right = (slice(40, 50), slice(60, 70)), (slice(40, 50), slice(72, 82))
    seen.wide[:, 70, 1], seen.wide[:, 71, 1] = 0.5, -0.5
    seen.field[:40], seen.field[50:] = False, False
    one, other = told(labelled(left, right), seen)
    # The ring of each: 2 columns of 10 pixels on its far side, 1 between them.
    expect(one, ring=0.5 / 3, step_green=-0.5 / 3)
    expect(other, ring=-0.5 / 3)


def test_a_candidate_without_a_ring(seen):
    seen.wide[RECTANGLE] = 0.3
    seen.field[:] = False
    seen.field[RECTANGLE] = True
    (features,) = told(labelled(RECTANGLE), seen)
    expect(features, ring=0.3, step_green=0, step_red=0)


def test_gradient(seen):
    seen.wide[..., 1] = 0.01 * np.arange(WIDTH)
    (features,) = told(labelled(RECTANGLE), seen)
    expect(features, edge=0.01, inner=0.01, edge_noise=1)


def test_context(seen):
    boxes = [(slice(100, 101), slice(column, column + 1)) for column in (100, 109, 125, 180)]
    rows = told(labelled(*boxes), seen)
    assert [row["crowd"] for row in rows] == [2, 2, 2, 0]
    expect(rows[0], disc_distance=np.hypot(100, 100) / WIDTH, rim_distance=100 / WIDTH)


def test_none(seen):
    assert describe(labelled(), seen, 0).shape == (0, len(NAMES))


def test_regions_by_hand():
    regions = Regions(np.array([[2, 0, 1], [2, 1, 0]]), 3)
    values = np.array([[1.0, 9, 2], [5, 6, 9]])
    assert regions.area.tolist() == [2, 2, 0]
    assert regions.mean(values).tolist() == [4, 3, 0]
    assert regions.spread(values).tolist() == [2, 2, 0]
    assert regions.mean(regions.row).tolist() == [0.5, 0.5, 0]
    assert Regions(np.array([[2, 0, 1], [2, 1, 0]]), 2).most(values).tolist() == [6, 5]


def test_outlines_of_touching_regions():
    labels = np.zeros((7, 10), np.int32)
    labels[1:6, 0:5], labels[1:6, 5:10] = 1, 2
    inner = np.zeros((7, 10), bool)
    inner[2:5, 1:4] = inner[2:5, 6:9] = True  # none at the border of the image
    assert (outlines(labels) == ((labels > 0) & ~inner)).all()


def test_slope_of_a_ramp():
    ramp = np.tile(0.01 * np.arange(50, dtype=np.float32), (40, 1))
    assert slope(ramp)[5:-5, 5:-5] == pytest.approx(0.01, rel=1e-4)
