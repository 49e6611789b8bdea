from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from egl.training.run_files import ROUNDS
from egl.training.run_folder import RunFolder
from experiments.frame import section
from experiments.paper import baseline, lead
from experiments.protocols import STANDARD

BATCHES = [6, 12, 18]
FACTS = "patch,label,edge,outlier\n0,1,3.000,0.25\n1,0,,1.0\n2,1,20.000,0.75\n"


class Store:
    """Two healthy samples and two of exudates in the validation and the test split."""

    labels = np.array([0, 0, 1, 1])

    def samples(self, split):
        return np.array([[0, 0], [1, 0], [2, 0], [3, 0]])


def write(results, arm, seed, f, p, patches):
    """Write a run: F and p(exudate) of the four samples at each batch; it chose `patches`."""
    run = RunFolder(results.run(lead.name(arm, seed)), {})
    for place, batch in enumerate(BATCHES):
        row = dict.fromkeys(ROUNDS, 0.5)
        labelled = 100 * (place + 1)
        row.update(iteration=batch, f_measure=f, n_labelled=labelled, n_images=4 + place)
        run.add_round(row, {"validation": np.array(p), "test": np.array(p)})
        run.add_queries(
            {"iteration": batch, "kind": "patch", "image": "a", "patch": patch, "symmetry": 0,
             "score": 1.0, "label": int(patch != 1)}
            for patch in patches
        )  # fmt: skip
    run.write()
    run.finish({"diverged": None, "seconds": 1.0})


@pytest.fixture
def results(fake_results):
    """EGL is 0.1 ahead at p > 0.5 and tells the classes apart, at p = 0.2; random does not."""
    results = fake_results(fig2_seeds=2, stores={"all": Store()})
    for seed in (1, 2):
        write(results, "random", seed, 0.5, [0.1, 0.3, 0.1, 0.3], [1, 1, 2])
        for arm in lead.ARMS[1:]:
            write(results, arm, seed, 0.6, [0.1, 0.1, 0.2, 0.3], [0, 0, 2])
    run = RunFolder(results.run("lead-patches-seed01"), {})
    with open(run.file("patches.csv"), "w") as file:
        file.write(FACTS)
    run.finish({"diverged": None, "seconds": 1.0})
    return results


def test_tasks():
    tasks = lead.tasks(STANDARD)
    share = tasks["lead-lesion-share-seed12"]
    assert share.needs == ("fig2-all-egl-images-seed12",)
    assert share.settings.run.patch_strategy == "random"
    assert share.settings.run.trainer == tasks[lead.name("egl", 12)].settings.trainer
    assert tasks["lead-patches-seed11"].needs == (baseline.name(11),)


def test_leads_by_hand(results):
    leads = lead.measure(results)["leads"].set_index(["arm", "measure", "cost", "seed"])["lead"]
    assert leads["egl", "f_measure", "iteration", 1] == pytest.approx(0.1)
    # EGL: F = 1 from p = 0.2 on. Random: calling all exudate, precision 1/2, gives F = 2/3.
    assert leads["egl", "f_at_threshold", "n_images", 2] == pytest.approx(1 / 3)
    assert leads["egl", "auc", "n_labelled", 1] == pytest.approx(0)


def test_what_was_chosen_by_hand(results):
    why = lead.measure(results)["why"].set_index("arm")
    assert why["exudates"][["random", "egl"]].tolist() == pytest.approx([1 / 3, 1])
    assert why["distinct"][["random", "egl"]].tolist() == [2, 2]
    # A patch of an image without a mask is near no edge.
    assert why["near_edge"][["random", "egl"]].tolist() == pytest.approx([0, 2 / 3])
    outlier = why["outlier"][["random", "egl"]]
    assert outlier.tolist() == pytest.approx([2.75 / 3, 1.25 / 3])


def test_section(results):
    found = section(lead, results)
    assert [figure.file for figure in found.figures] == ["lead.png", "lead-why.png"]
    assert "EGL leads by 0.100 in F at p &gt; 0.5".replace("&gt;", ">") in found.text[1]
    assert [len(table.rows) for table in found.tables] == [4, 9]
    assert found.tables[1].rows[1][2] == "0.333"


def test_curves_are_compared_where_both_have_been():
    first = pd.DataFrame({"cost": [0, 10, 10, 20], "f": [0.0, 0.4, 0.5, 0.5]})
    second = pd.DataFrame({"cost": [10, 30], "f": [0.0, 0.4]})
    # From 10 to 20: 0.5 against a line from 0 to 0.2.
    assert lead.mean_difference(first, second, "f", "cost") == pytest.approx(0.4)
    assert np.isnan(lead.mean_difference(first, second.iloc[1:], "f", "cost"))


def test_no_section_without_the_arm_at_egl_s_share(fake_results):
    results = fake_results(fig2_seeds=1, stores={"all": SimpleNamespace()})
    assert section(lead, results) is None
