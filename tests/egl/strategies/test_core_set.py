from egl.strategies.core_set import k_centre


def test_k_centre_on_a_line():
    indices, radii = k_centre([[1.0], [10.0], [4.0], [6.0]], [[0.0]], 3)
    assert indices.tolist() == [1, 2, 3]
    assert radii.tolist() == [10, 4, 2]
    assert k_centre([[1.0], [1.0]], [[0.0]], 5)[0].tolist() == [0, 1]
    assert k_centre([[3.0, 4.0]], [[0.0, 0.0]], 1).scores.tolist() == [5]
