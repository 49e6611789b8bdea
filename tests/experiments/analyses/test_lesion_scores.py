import numpy as np

from experiments.analyses.lesion_scores import match_lesions


def test_regions_by_hand():
    annotated, called = np.zeros((12, 12), bool), np.zeros((12, 12), bool)
    annotated[0, 0:5] = True
    called[0, 4:9] = True  # 1 of 5 pixels of each: just enough
    annotated[3, 0:6] = True
    called[3, 5:7] = True  # 1 of 6 of the lesion: not found; 1 of 2 of the region: right
    annotated[8, 8] = annotated[9, 9] = True  # one lesion, joined at a corner, not found
    called[11, 0:3] = True  # not right
    matches = match_lesions(called, annotated)
    assert matches == (1, 3, 2, 3)
    assert (matches.found, matches.lesions, matches.right, matches.called) == (1, 3, 2, 3)
    assert match_lesions(np.zeros_like(called), annotated) == (0, 3, 0, 0)
    assert match_lesions(called, np.zeros_like(called)) == (0, 0, 0, 3)
