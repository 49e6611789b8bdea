"""Bad input, over every command and public function: docs/files.md says what must come of it.

A row is one bad input; tests/campaign/bad_input has them, a module for each group. Where Caffe or
an abort is possible, a group runs in a process of its own.
"""

from importlib import import_module

import pytest

from tests.campaign.bad_input import in_child

IN_PROCESS = ("images", "masks", "layouts", "stores", "options", "settings", "run_folders", "calls")
IN_CHILD = ("nets", "solvers", "weights", "runs", "environment")


def rows(groups):
    """Return (group, row) of each row, and how the tests are called."""
    found = [(group, row) for group in groups for row in module(group).ROWS]
    return {"argvalues": found, "ids": [f"{group}: {row.name}" for group, row in found]}


def module(group):
    return import_module("tests.campaign.bad_input." + group)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return tmp_path_factory.mktemp("rows")


@pytest.mark.parametrize(("group", "row"), **rows(IN_PROCESS))
def test_bad_input(group, row, shared, small_store):
    problem = in_child.judged(row, shared, small_store.path)
    assert problem is None, problem


@pytest.fixture(scope="module")
def judged(caffe, shared, small_store):
    """judged(group): {name: problem} of a group that ran in a process of its own."""
    done = {}

    def judge(group):
        if group not in done:
            name = module(group).__name__
            done[group] = in_child.problems(name, module(group).ROWS, shared, small_store.path)
        return done[group]

    return judge


@pytest.mark.parametrize(("group", "row"), **rows(IN_CHILD))
def test_bad_input_where_caffe_might_abort(group, row, judged):
    problem = judged(group)[row.name]
    assert problem is None, problem


def test_the_table_is_large_and_its_names_are_unique():
    found = [(group, row.name) for group in IN_PROCESS + IN_CHILD for row in module(group).ROWS]
    assert len(found) >= 200
    assert len(set(found)) == len(found)
