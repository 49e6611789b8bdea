"""A pool ranked by a model: who is scored, in which order they come, and what is written of it."""

import os
from typing import Any, Callable, Iterator, List, NamedTuple, Sequence

import numpy as np

from data_prep.errors import DataError
from data_prep.files import write_csv
from data_prep.random_streams import Stream, random_state
from egl.strategies.diversity import SHARE, top_of_clusters
from egl.training.model_folder import read_model
from labelling.executors import Executor, in_chunks, results_of
from labelling.photographs import Photograph
from labelling.pool import Pool
from labelling.rank_settings import REDUCTIONS, RankSettings
from labelling.rankings import Ranked
from labelling.scoring import Job, Problem, Task, describe, score

CHUNK = 4  # photographs: some seconds of work
COLUMNS = (
    "place", "photograph", "path", "patient", *REDUCTIONS, "highest_p", "patches", "seconds"
)  # fmt: skip
Progress = Callable[[int, int], None]


class RankedPool(NamedTuple):
    """A finished ranking.

    first: how many photographs a person has time for, or wants to see; seconds_each: that each is
    expected to take; problems: of photographs that could not be scored
    """

    ranking: int
    n_ranked: int
    first: int
    seconds_each: float
    problems: List[Problem]


def rank(
    pool: Pool,
    model: str,
    settings: RankSettings,
    executor: Executor,
    at_once: int = 1,
    device: str = "cpu",
    progress: Progress = lambda done, total: None,
) -> RankedPool:
    """Rank the photographs of a pool that nobody has answered, by a model folder or a run folder.

    Every photograph is scored, and its row is in the pool as soon as it is; an interrupted call
    goes on where it was. The order is the same for any executor. Raises EglError for a model that
    cannot be read, DataError for a pool without a photograph to rank.
    """
    settings.check()
    model_row = pool.rankings.model(read_model(model).sha256, os.path.abspath(model))
    total = pool.photographs.n_unanswered()
    if not total:
        raise DataError(
            f"{pool.path}: has no photograph to rank: all are answered, or none can be used; add "
            "some with egl index"
        )
    job = Job(os.path.abspath(model), device, settings.stride, settings.seed)
    name = f"{settings.strategy} {settings.score} {settings.stride} {settings.seed}"
    ranking = pool.rankings.begin(model_row, name)
    done = 0

    def missing() -> Iterator[Photograph]:
        nonlocal done
        for page in in_chunks(pool.photographs.unanswered(), 256):
            known = set(pool.rankings.is_ranked(ranking, [row.id for row in page]))
            done += len(known)
            yield from (row for row in page if row.id not in known)

    problems: List[Problem] = []
    chunks = ((job, tasks_of(pool, chunk)) for chunk in in_chunks(missing(), CHUNK))
    for results in results_of(executor, at_once, score, chunks):
        pool.rankings.add(ranking, [row for row in results if isinstance(row, Ranked)])
        problems += [row for row in results if isinstance(row, Problem)]
        done += len(results)
        progress(done, total)
    if len(problems) == total:
        raise DataError(f"no photograph could be scored; the first: {problems[0].reason}")
    seconds = seconds_each(pool, settings)
    budget = settings.budget or max(0.0, pool.budget_minutes - pool.minutes_used)
    wanted = max(1, int(budget * 60 / seconds)) if budget else settings.first
    first = min(wanted, total - len(problems))
    chosen: Sequence[int] = ()
    if settings.strategy == "egl-diverse":
        chosen = _diverse(pool, ranking, job, settings, first, executor, at_once)
    by = "random" if settings.strategy == "random" else settings.score
    pool.rankings.finish(ranking, by, chosen)
    return RankedPool(ranking, total - len(problems), first, seconds, problems)


def tasks_of(pool: Pool, photographs: Sequence[Photograph]) -> List[Task]:
    """Return photographs with their fields of view."""
    return [Task(row, pool.photographs.field_png(row.id)) for row in photographs]


def seconds_each(pool: Pool, settings: RankSettings) -> float:
    """Return how long a person is expected to take for a photograph: as long as so far."""
    counts = pool.answers.counts()
    answered = sum(counts.values())
    taken = pool.answers.seconds()
    return taken / answered if answered and taken else settings.seconds


def _diverse(
    pool: Pool, ranking: int, job: Job, settings: RankSettings, n: int, executor: Executor,
    at_once: int,
) -> List[int]:  # fmt: skip
    """Return the n photographs of the highest score, each from a cluster of its own."""
    best = pool.rankings.best(ranking, settings.score, SHARE * n)
    rows = [pool.photographs.get(photograph) for photograph, _ in best]
    chunks = ((job, tasks_of(pool, chunk)) for chunk in in_chunks(rows, CHUNK))
    found = [row for rows in results_of(executor, at_once, describe, chunks) for row in rows]
    known = [index for index, features in enumerate(found) if features is not None]
    if not known:
        return []
    scores = np.array([best[index][1] for index in known])
    features = np.stack([found[index] for index in known])
    seed = random_state(settings.seed, Stream.CLUSTERS).randint(2**31 - 1)
    return [best[known[index]][0] for index in top_of_clusters(scores, features, n, seed)]


def write_ranking(pool: Pool, ranking: int, path: str) -> None:
    """Write ranking.csv: a row for each photograph, the most interesting first."""

    def rows() -> Iterator[Sequence[Any]]:
        for row in pool.rankings.in_order(ranking):
            photograph = pool.photographs.get(row.photograph)
            scores = [f"{row.scores[name]:.6g}" for name in REDUCTIONS]
            patient = photograph.patient or ""
            yield (
                row.place, row.photograph, photograph.path, patient, *scores,
                f"{row.highest_p:.6g}", row.patches, f"{row.seconds:.3f}",
            )  # fmt: skip

    write_csv(path, COLUMNS, rows())
