"""What an experiment asks for, the pieces of work it consists of, and what it finds of them afterwards."""

import os
from typing import Callable, NamedTuple, Tuple

from egl.training.run_folder import read_metrics, read_rounds, read_table


class Task(NamedTuple):
    """One run, in a process and a folder of its own; experiments that name the same task share it.

    work: function(store path, settings, folder, progress) that can be imported; it leaves folder/metrics.json when it is done
    store: which store it works on, a key of Protocol.stores()
    settings: a NamedTuple; with needs: it names the other runs it reads, which lie beside its own folder
    needs: names of the tasks that must be finished first
    """

    work: Callable
    store: str
    settings: object
    needs: Tuple[str, ...] = ()


class Results:
    """The finished runs under one folder, for the experiments' sections.

    out: folder of figures, CSVs and the report; stores: {name: PatchStore}; protocol: the Protocol they were run by
    published: {(metric, strategy): (batches, values)}, curves read off the paper's figure (see experiments.published)
    """

    def __init__(self, out, protocol, stores, published=None):
        self.out, self.protocol, self.stores, self.published = (
            out,
            protocol,
            stores,
            published or {},
        )

    def run(self, name):
        """Return the folder of a run."""
        return os.path.join(self.out, "runs", name)

    def file(self, name):
        """Return the path of a file beside the report."""
        return os.path.join(self.out, name)

    def finished(self, *names):
        """Return whether all these runs are whole."""
        return all(os.path.exists(os.path.join(self.run(name), "metrics.json")) for name in names)

    def seeds(self, seeds, *name_of):
        """Return those of `seeds` for which every name_of(seed) is finished: arms are compared over the same seeds."""
        return [seed for seed in seeds if self.finished(*(name(seed) for name in name_of))]

    def rounds(self, name):
        """Return a run's rounds.csv: dict column -> float array."""
        return read_rounds(self.run(name))

    def metrics(self, name):
        """Return a run's metrics.json."""
        return read_metrics(self.run(name))

    def table(self, name, file):
        """Return a CSV of a run: list of dicts, text as it stands there."""
        return read_table(os.path.join(self.run(name), file))
