from dataclasses import replace

import pytest

from data_prep.settings import SettingsError, as_dict, from_dict
from egl.errors import EglError
from egl.selection.settings import RunSettings, SelectionSettings
from egl.training.settings import FullTrainingSettings, TrainerSettings


def test_the_initial_iterations_are_the_papers_unless_given():
    assert RunSettings(by="image").initial_iterations == 6
    assert RunSettings(by="patch").initial_iterations == 5
    given = RunSettings(by="patch", selection=SelectionSettings(initial_iterations=9))
    assert given.initial_iterations == 9
    assert RunSettings(by="patch").resolved().selection.initial_iterations == 5


def test_settings_come_back_from_what_a_run_keeps():
    settings = RunSettings(
        by="patch", trainer=TrainerSettings(rate=1.0), keep_weights=(3, 7)
    ).resolved()
    assert from_dict(RunSettings, as_dict(settings), "settings.json") == settings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"by": "eye"}, "--by 'eye' is not known; give one of image, patch"),
        ({"strategy": "eggl"}, "'eggl' is not known; did you mean egl"),
        ({"patch_strategy": "best"}, "'best' is not known"),
        ({"score": "max"}, "--score 'max'"),
        ({"score": "top0"}, "--score 'top0'"),
        ({"score": "top²"}, "--score 'top²'"),
        ({"stride": 0}, "--stride 0: give a number at least 1"),
        ({"initial_images": 1}, "--initial-images 1: give a number at least 2"),
        ({"labelled": "all"}, "--labelled 'all' is not known; give one of store, grid"),
        ({"labelled": "grid", "by": "patch"}, "--labelled grid: is for choosing images"),
        ({"selection": SelectionSettings(k=0)}, "--k 0"),
        ({"selection": SelectionSettings(iterations=0)}, "--iterations 0"),
        ({"selection": SelectionSettings(after_round="keep")}, "--after-round 'keep' is not known"),
        ({"selection": SelectionSettings(candidates=-1)}, "--candidates -1"),
        ({"selection": SelectionSettings(initial_iterations=0)}, "--initial-iterations 0"),
        ({"selection": SelectionSettings(steps=0)}, "--steps 0"),
        ({"selection": SelectionSettings(sampling="even")}, "--sampling 'even' is not known"),
        ({"selection": SelectionSettings(candidate_images=-1)}, "--candidate-images -1"),
        ({"trainer": TrainerSettings(batch=0)}, "--batch 0"),
        ({"trainer": TrainerSettings(rate=float("nan"))}, "--rate nan: give a finite number"),
        ({"trainer": TrainerSettings(rate=-1)}, "--rate -1: give a number above 0"),
        ({"trainer": TrainerSettings(momentum=1)}, "--momentum 1"),
        ({"trainer": TrainerSettings(seed=2**31)}, "--seed 2147483648"),
    ],
)
def test_settings_that_cannot_be_meant(changes, message):
    with pytest.raises((EglError, SettingsError)) as caught:
        replace(RunSettings(), **changes).check()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_stopping_rule_judges_epochs():
    with pytest.raises(SettingsError, match="judges epochs"):
        FullTrainingSettings(evaluate_every=5).check()
    FullTrainingSettings(evaluate_every=5, stop_early=False).check()
