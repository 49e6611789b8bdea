"""Masks of exudates that a model suggests: probability map, mask, overlay, a table."""

import os
from typing import Any, Callable, Iterator, List, NamedTuple, Sequence, Union

import cv2
import numpy as np

from data_prep.errors import DataError
from data_prep.files import write_csv, written_whole
from labelling.executors import Executor, in_chunks, results_of
from labelling.indexing import read_files
from labelling.layers import with_outline
from labelling.photographs import NO_FIELD, Photograph
from labelling.pool import Pool
from labelling.ranking import CHUNK, tasks_of
from labelling.scoring import Job, Problem, Task, scorer_of

COLUMNS = (
    "photograph", "path", "highest_p", "mean_p", "exudate_pixels", "share_of_field", "regions",
    "threshold", "problem",
)  # fmt: skip
WHOLE = 65535  # what probability 1 is in the TIFF
Progress = Callable[[int, int], None]


class Predicted(NamedTuple):
    """What is in the table of one photograph; regions: connected pieces of its mask."""

    photograph: int
    path: str
    highest_p: float
    mean_p: float
    exudate_pixels: int
    share_of_field: float
    regions: int


def predict(
    photographs: Iterator[Task], total: int, job: Job, threshold: float, out: str,
    executor: Executor, at_once: int = 1, progress: Progress = lambda done, total: None,
) -> List[Problem]:  # fmt: skip
    """Write ID-NAME-p.tif, -mask.png and -overlay.jpg of photographs, and predictions.csv.

    out: a folder that is there; threshold: of the job's model. Returns what could not be done.
    """
    problems: List[Problem] = []

    def rows() -> Iterator[Sequence[Any]]:
        chunks = ((job, os.path.abspath(out), chunk) for chunk in in_chunks(photographs, CHUNK))
        done = 0
        for results in results_of(executor, at_once, predict_chunk, chunks):
            done += len(results)
            progress(done, total)
            for row in results:
                if isinstance(row, Problem):
                    problems.append(row)
                    yield (row.photograph, "", "", "", "", "", "", "", row.reason)
                else:
                    yield (
                        row.photograph, row.path, f"{row.highest_p:.6g}", f"{row.mean_p:.6g}",
                        row.exudate_pixels, f"{row.share_of_field:.6g}", row.regions,
                        f"{threshold:.6g}", "",
                    )  # fmt: skip

    write_csv(os.path.join(out, "predictions.csv"), COLUMNS, rows())
    return problems


def predict_chunk(job: Job, out: str, tasks: Sequence[Task]) -> List[Union[Predicted, Problem]]:
    """Write the files of some photographs. Run by an executor's processes."""
    scorer = scorer_of(job.model, job.device, job.stride)
    results: List[Union[Predicted, Problem]] = []
    for task, view in scorer.views(tasks):
        if isinstance(view, DataError):
            results.append(Problem(task.photograph.id, str(view)))
            continue
        p = scorer.probability(view)
        mask = p > scorer.model.threshold
        stem = os.path.join(out, name_of(task.photograph))
        _write(f"{stem}-p.tif", np.round(p * WHOLE).astype(np.uint16))
        _write(f"{stem}-mask.png", mask.astype(np.uint8) * 255)
        _write(f"{stem}-overlay.jpg", with_outline(view.image, mask))
        n_field = int(view.field.sum())
        regions, _ = cv2.connectedComponents(mask.astype(np.uint8))
        results.append(
            Predicted(
                photograph=task.photograph.id,
                path=task.photograph.path,
                highest_p=float(p.max()),
                mean_p=float(p[view.field].mean()) if n_field else 0.0,
                exudate_pixels=int(mask.sum()),
                share_of_field=int(mask.sum()) / n_field if n_field else 0.0,
                regions=regions - 1,
            )
        )
    return results


def name_of(photograph: Photograph) -> str:
    """Return what the names of a photograph's files begin with; no two photographs' are alike."""
    stem = os.path.splitext(os.path.basename(photograph.path))[0]
    return f"{photograph.id:06d}-{stem}"


def tasks_of_pool(pool: Pool) -> Iterator[Task]:
    """Yield the usable photographs of a pool."""
    for row in pool.photographs.usable():
        yield from tasks_of(pool, [row])


def tasks_of_files(paths: Sequence[str]) -> List[Task]:
    """Return the photographs in files, numbered from 1.

    Raises DataError for the first that cannot be used.
    """
    tasks = []
    for number, path in enumerate(paths, start=1):
        (found,) = read_files([(os.path.abspath(path), None)], None)
        problem = found.problem or (NO_FIELD if NO_FIELD in found.marks else "")
        if problem:
            raise DataError(f"{path}: {problem}")
        values = {
            name: getattr(found, name) for name in Photograph._fields if name in found._fields
        }
        row = Photograph(id=number, duplicate_of=None, duplicate_kind="", **values)
        tasks.append(Task(row, found.field_png))
    return tasks


def _write(path: str, pixels: np.ndarray) -> None:
    with written_whole(path) as temporary:
        cv2.imwrite(temporary, pixels)
