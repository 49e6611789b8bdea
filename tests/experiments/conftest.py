"""Runs that never ran: folders with the curves a test wants."""

import json
from dataclasses import replace

import numpy as np
import pytest

from egl.training.run_files import ROUNDS
from egl.training.run_folder import RunFolder
from experiments.results import Results
from tests.experiments.from_one import STANDARD


class FakeResults(Results):
    """Results in a temporary folder; `write` makes a finished run."""

    def write(self, name, iterations, diverged=None, **columns):
        """Write a run with an evaluation at each of `iterations`.

        columns: numbers, one for each evaluation or one for all
        """
        run = RunFolder(self.run(name), {})
        for place, iteration in enumerate(iterations):
            row = dict.fromkeys(ROUNDS, 0.5)
            row.update(
                {
                    column: float(np.broadcast_to(values, len(iterations))[place])
                    for column, values in columns.items()
                }
            )
            run.add_round(dict(row, iteration=iteration), {"test": np.zeros(2)})
        run.write()
        self.forget()
        test = {
            column: json.loads(json.dumps(float(np.broadcast_to(values, len(iterations))[-1])))
            for column, values in columns.items()
        }
        run.finish(
            {"test": test, "diverged": diverged, "seconds": 60.0, "iterations": iterations[-1]}
        )


@pytest.fixture
def fake_results(tmp_path):
    """fake_results(**changes of the standard protocol, stores=...): a FakeResults."""

    def make(stores=None, published=None, **changes):
        return FakeResults(str(tmp_path), replace(STANDARD, **changes), stores or {}, published)

    return make
