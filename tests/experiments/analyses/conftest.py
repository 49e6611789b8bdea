"""Runs for the analyses to look at: folders beside each other, as under OUT/runs."""

import pytest


@pytest.fixture(scope="session")
def runs(caffe, small_store, tmp_path_factory):
    """A folder with two briefly trained runs, named after their scaling: mean and patch-mean."""
    from egl.training.full_training import train
    from egl.training.settings import FullTrainingSettings, TrainerSettings

    folder = tmp_path_factory.mktemp("out") / "runs"
    folder.mkdir()
    for scaling in ("mean", "patch-mean"):
        settings = FullTrainingSettings(
            TrainerSettings(scaling=scaling),
            stop_early=False,
            iterations=20,
            evaluate_every=20,
            keep_weights=(10,),
        )
        train(small_store, settings, str(folder / scaling))
    return folder
