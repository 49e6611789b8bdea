import numpy as np

from data_prep.phantom import distractors, vessels
from data_prep.phantom.retina import STEP

SEEDS = range(10)


def random(seed):
    return np.random.RandomState(seed)


def test_an_old_eye_with_lesions_has_most_drusen(view, patient):
    def amount(age, lesion):
        old = patient._replace(age=age)
        return sum(distractors.drusen(random(seed), view, old, lesion).sum() for seed in SEEDS)

    assert amount(0.0, True) == 0
    assert amount(0.5, True) < amount(1.0, True)
    assert amount(1.0, False) < amount(1.0, True)


def test_cotton_wool_lies_off_the_disc(view):
    spots = sum(distractors.cotton_wool(random(seed), view) for seed in range(30))
    assert spots.shape == view.shape(STEP)
    x, y = view.grid(STEP)
    on_disc = np.hypot(x - view.disc[0], y - view.disc[1]) < view.disc_radius
    assert spots.max() > 0.3
    assert spots[on_disc].max() < 0.05


def test_haemorrhages_lie_off_the_disc(view):
    blood = sum(distractors.haemorrhages(random(seed), view) for seed in SEEDS)
    assert blood.shape == view.size
    x, y = view.grid(1)
    on_disc = np.hypot(x - view.disc[0], y - view.disc[1]) < 0.7 * view.disc_radius
    assert blood.max() > 0.5
    assert blood[on_disc].mean() < 0.02


def test_only_young_eyes_glisten(view, patient):
    tree = vessels.grow(random(0), view, patient.tortuosity)
    blood, _ = vessels.render(view, tree, artery=True)
    small_blood = np.ascontiguousarray(blood[::STEP, ::STEP])
    young, old = patient._replace(age=0.0), patient._replace(age=0.9)
    assert distractors.sheen(random(0), view, young, small_blood).max() > 0.1
    assert distractors.sheen(random(0), view, old, small_blood).max() == 0


def test_young_eyes_have_more_glints(view, patient):
    tree = vessels.grow(random(0), view, patient.tortuosity)

    def amount(age):
        eye = patient._replace(age=age)
        return sum(distractors.glints(random(seed), view, eye, tree).sum() for seed in SEEDS)

    assert amount(0.0) > 5 * amount(0.9)
