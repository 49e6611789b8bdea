"""The model learns while people label: a thread that waits for answers, and its child processes."""

import os
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

from egl.training.model_folder import read_model
from labelling.answers import MASK
from labelling.learn_settings import LearnSettings
from labelling.learning import learn
from labelling.pool import Pool
from labelling.rank_settings import RankSettings
from labelling.ranking import rank

LEAST_MASKS = 3  # patients with exudates: for training, validation and test
NICE = 5  # people's strokes and maps come first
# Runs work(*arguments, progress=...) in a process of its own whose log is in a folder:
# experiments.processes.run_in_child.
InChild = Callable[[Callable[..., Any], Sequence[Any], str, Callable[[int, int], None]], Any]


class Learner:
    """Learns after every few answers, ranks the pool anew, and says what it is doing.

    What people see changes when a ranking is finished, and not before.
    """

    def __init__(
        self, pool: Pool, model: str, every: int, in_child: InChild, device: str = "cpu",
        sources: Sequence[str] = (), settings: LearnSettings = LearnSettings(),
    ) -> None:  # fmt: skip
        """model: to begin with; every: answers after which it learns, 0: never; sources: data sets
        to learn from as well. New models go into a folder beside the pool.
        """
        self._pool, self._given, self._every = pool, os.path.abspath(model), every
        self._in_child, self._device, self._sources = in_child, device, list(sources)
        self._settings = settings
        self.folder = os.path.splitext(pool.path)[0] + "-models"
        self._given_id = pool.rankings.model(read_model(model).sha256, self._given)
        self._tried = 0
        self._ended, self._asked = False, threading.Event()
        self._said: Dict[str, Any] = {"doing": "", "done": 0, "total": 0, "message": ""}
        self._thread = threading.Thread(target=self._work, daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def notice(self) -> None:
        """Look whether there is something to learn: someone has answered."""
        self._asked.set()

    def end(self) -> None:
        """Begin nothing more."""
        self._ended = True
        self._asked.set()

    def status(self) -> Dict[str, Any]:
        """Return {doing, done, total, message, until}.

        doing: "learning", "ranking" or ""; message: what went wrong; until: answers that are
        missing before it learns, None where it never does
        """
        return {**self._said, "until": self._until()}

    def current(self) -> Tuple[int, str]:
        """Return the newest model that has ranked the pool: its number there, and its folder.

        It descends from the given one, which counts until then.
        """
        return self._newest() or (self._given_id, self._given)

    def _newest(self) -> Optional[Tuple[int, str]]:
        ranking = self._pool.rankings.newest()
        if ranking is None:
            return None
        rows = {row.id: row for row in self._pool.rankings.models()}
        found = self._pool.rankings.model_of(ranking)
        ancestor: Optional[int] = found
        while ancestor is not None and ancestor != self._given_id:
            ancestor = rows[ancestor].parent
        # The given one may have been moved since the pool first saw it.
        path = self._given if found == self._given_id else rows[found].path
        return None if ancestor is None or not os.path.isdir(path) else (found, path)

    def _until(self) -> Optional[int]:
        """Return how many answers are missing until it learns; None: it never does."""
        if not self._every:
            return None
        known = max((row.answers for row in self._pool.rankings.models()), default=0)
        wanted = max(known, self._tried) + self._every - self._pool.answers.n_teaching()
        return max(0, wanted, LEAST_MASKS - self._pool.answers.counts()[MASK])

    def _work(self) -> None:
        while not self._ended:
            try:
                if self._newest() is None and self._pool.photographs.n_unanswered():
                    self._rank(self._given)
                elif self._until() == 0:
                    self._learn()
                else:
                    self._asked.wait()
                    self._asked.clear()
            except Exception as error:  # shown to people, who label on
                self._say("", message=str(error))
                self._asked.wait()
                self._asked.clear()

    def _say(self, doing: str, done: int = 0, total: int = 0, message: str = "") -> None:
        self._said = {"doing": doing, "done": done, "total": total, "message": message}

    def _learn(self) -> None:
        self._tried = answers = self._pool.answers.n_teaching()
        out = _new(os.path.join(self.folder, f"after-{answers}-answers"))
        self._do("learning", learn_in_child, self.current()[1], out, self._settings, self._sources)
        self._rank(out)

    def _rank(self, model: str) -> None:
        self._do("ranking", rank_in_child, model)

    def _do(self, doing: str, work: Callable[..., Any], *arguments: Any) -> None:
        self._say(doing)
        os.makedirs(self.folder, exist_ok=True)
        folder = os.path.join(self.folder, "working")
        given = (self._pool.path, folder, self._device, *arguments)
        self._in_child(work, given, folder, lambda done, total: self._say(doing, done, total))
        self._say("")


def _new(path: str) -> str:
    """Return a path that is not there: this one, or with a number behind."""
    found, number = path, 1
    while os.path.lexists(found):
        number += 1
        found = f"{path}-{number}"
    return found


def learn_in_child(
    pool: str, folder: str, device: str, model: str, out: str, settings: LearnSettings,
    sources: Sequence[str], progress: Callable[[int, int], None],
) -> None:  # fmt: skip
    """Learn from a pool's answers; folder: for what is needed meanwhile, this process's alone."""
    os.nice(NICE)
    for name in os.listdir(folder):  # of a process that was killed
        if name.startswith("learning-"):
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="learning-", dir=folder) as work:
        learn(pool, model, out, work, settings, sources, device, progress)


def rank_in_child(
    pool: str, folder: str, device: str, model: str, progress: Callable[[int, int], None]
) -> None:
    """Rank a pool that others write to meanwhile."""
    os.nice(NICE)
    # One thread, not a process: the device is chosen for a thread, and nothing is left behind.
    with Pool(pool) as opened, ThreadPoolExecutor(1) as executor:
        rank(opened, model, RankSettings(), executor, 1, device, progress)
