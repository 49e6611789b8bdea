from dataclasses import replace

import pytest

from experiments import frame
from experiments.paper import fig2, settings
from experiments.protocols import QUICK, STANDARD


def test_each_variant_changes_one_thing_and_shares_what_it_does_not_touch():
    tasks = settings.tasks(STANDARD)
    default = tasks[fig2.name("all", "egl", 1)].settings
    name = settings.name("no momentum, no decay", "egl", 1)
    assert name == "settings-no-momentum-no-decay-egl-seed01"
    short = replace(default, selection=replace(default.selection, iterations=30), keep_weights=())
    assert tasks[name].settings == replace(
        short, trainer=replace(short.trainer, momentum=0.0, weight_decay=0.0)
    )
    assert settings.name("stride 48", "random", 1) == fig2.name("all", "random", 1)
    whole = fig2.tasks(STANDARD)
    assert all(tasks[run] == whole[run] for run in tasks if run.startswith("fig2"))
    n_variants = len(settings.VARIANTS) + sum(own for *_, own in settings.VARIANTS.values())
    assert len(tasks) == 5 * (4 + n_variants)
    assert len({run for run in settings.tasks(QUICK) if run.endswith("seed02")}) == 4 + n_variants


@pytest.fixture
def results(fake_results):
    results = fake_results(fig2_seeds=2, seeds=2, settings_iterations=10)
    for seed in (1, 2):
        results.write(
            fig2.name("all", "random", seed),
            [5, 10, 15],
            f_measure=0.5,
            sensitivity=0.5,
            specificity=0.4,
        )
        results.write(
            fig2.name("all", "egl", seed),
            [5, 10, 15],
            f_measure=[0.4, 0.4, 0.9],
            sensitivity=0.5,
            specificity=0.4,
        )
        results.write(
            settings.name("image score: mean", "egl", seed),
            [5, 10],
            f_measure=0.7,
            sensitivity=[0, 0],
            specificity=[1, 1],
        )
    return results


def test_section(results):
    section = frame.section(settings, results)
    rows = {row[0]: row for row in section.tables[0].rows}
    assert set(rows) == {"the defaults", "image score: mean"}  # what is not finished is not there
    assert rows["the defaults"][3:5] == [
        "-0.100 ± 0.000",
        "-0.100 ± 0.000",
    ]  # up to 10 batches: the 0.9 at 15 does not count
    assert rows["image score: mean"][1:] == [
        "0.500 ± 0.000",
        "0.700 ± 0.000",
        "0.200 ± 0.000",
        "0.200 ± 0.000",
        "2",
        "0, 2",
    ]
    assert "lies above 0 for: image score: mean; below 0 for: the defaults" in section.text[1]
    assert not section.verdicts


def test_the_figure_has_a_row_for_each_variant(results):
    ((_, figure),) = settings.draw(settings.measure(results))
    axis = figure.axes[0]
    assert [tick.get_text() for tick in axis.get_yticklabels()] == [
        "the defaults",
        "image score: mean",
    ]
    dots = [
        (line.get_xdata()[0], line.get_ydata()[0])
        for line in axis.lines
        if line.get_marker() == "o"
    ]
    expected = [(-0.1, -0.12), (-0.1, 0.12), (0.2, 0.88), (0.2, 1.12)]
    assert [number for dot in dots for number in dot] == pytest.approx(
        [number for dot in expected for number in dot]
    )


def test_nothing_finished_but_what_is_fig2s(fake_results):
    results = fake_results(fig2_seeds=2, seeds=2)
    assert frame.section(settings, results) is None
    for arm in settings.ARMS:
        results.write(fig2.name("all", arm, 1), [5, 10], f_measure=0.5)
    assert frame.section(settings, results) is None
