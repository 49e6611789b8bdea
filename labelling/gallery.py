"""What a person looks at: overlays of the first photographs, a page to leaf through, a sheet."""

import base64
import os
from typing import Any, Callable, Dict, List, Sequence, Tuple

import cv2
import jinja2
import numpy as np

from data_prep.errors import DataError
from data_prep.files import write_text, written_whole
from labelling import RESEARCH_USE
from labelling.executors import Executor, in_chunks, results_of
from labelling.layers import heat, with_boxes, with_outline
from labelling.pool import Pool
from labelling.ranking import CHUNK, tasks_of
from labelling.rankings import Ranked
from labelling.scoring import Job, Task, scorer_of

WIDTH = 900  # pixels of a picture in the gallery
THUMBNAIL = 240  # pixels of a photograph in the contact sheet
ACROSS = 5  # photographs in a row of it
Progress = Callable[[int, int], None]
_HERE = os.path.dirname(os.path.abspath(__file__))


def draw(job: Job, folder: str, tasks: Sequence[Task], rows: Sequence[Ranked]) -> List[bool]:
    """Write PLACE-marked.jpg and PLACE-phi.jpg of photographs into a folder.

    Returns for which photographs that went well. Run by an executor's processes.
    """
    scorer = scorer_of(job.model, job.device, job.stride)
    drawn = []
    for (_, view), row in zip(scorer.views(tasks), rows):
        drawn.append(not isinstance(view, DataError))
        if isinstance(view, DataError):
            continue
        maps = scorer.maps(view)
        mask = scorer.probability(view, maps) > scorer.model.threshold
        marked = with_boxes(with_outline(view.image, mask), row.boxes)
        phi = scorer.layer(view, maps.phi)
        grey = cv2.cvtColor(view.image, cv2.COLOR_BGR2GRAY)[:, :, None] // 2
        inside = maps.phi[maps.inside]
        highest = float(np.percentile(inside, 99.5)) if len(inside) else 1.0
        under = np.repeat(grey, 3, axis=2)
        share = np.clip(phi / max(highest, 1e-12), 0, 1)[:, :, None]
        mixed = (heat(phi, highest) * share + under * (1 - share)).astype(np.uint8)
        for name, picture in (("marked", marked), ("phi", mixed)):
            _write_jpeg(os.path.join(folder, f"{row.place:04d}-{name}.jpg"), picture)
    return drawn


def _write_jpeg(path: str, picture: np.ndarray) -> None:
    with written_whole(path) as temporary:
        cv2.imwrite(temporary, picture, [cv2.IMWRITE_JPEG_QUALITY, 85])


def write_gallery(
    pool: Pool, ranking: int, first: int, job: Job, out: str, executor: Executor, at_once: int = 1,
    progress: Progress = lambda done, total: None,
) -> None:  # fmt: skip
    """Write overlays/, contact-sheet.jpg and gallery.html of a ranking's first photographs.

    out: a folder that is there. The gallery is one file, with its pictures in it, and asks nothing
    of any other machine.
    """
    folder = os.path.join(out, "overlays")
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):  # of an earlier, longer ranking
        if name.endswith((".jpg",)):
            os.remove(os.path.join(folder, name))
    rows = list(pool.rankings.in_order(ranking, first))
    chunks = (
        (job, os.path.abspath(folder), tasks_of(pool, [pool.photographs.get(row.photograph)
        for row in chunk]), chunk)
        for chunk in in_chunks(rows, CHUNK)
    )  # fmt: skip
    shown: List[Ranked] = []
    done = 0
    for drawn, chunk in zip(results_of(executor, at_once, draw, chunks), in_chunks(rows, CHUNK)):
        shown += [row for row, well in zip(chunk, drawn) if well]
        done += len(chunk)
        progress(done, len(rows))
    entries = [_entry(pool, row, folder) for row in shown]
    _write_sheet(os.path.join(out, "contact-sheet.jpg"), folder, shown)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(os.path.join(_HERE, "templates")), autoescape=True
    )
    page = environment.get_template("gallery.html.j2").render(
        entries=entries, research_use=RESEARCH_USE, pool=os.path.basename(pool.path),
        model=os.path.basename(job.model),
    )  # fmt: skip
    write_text(os.path.join(out, "gallery.html"), page)


def _entry(pool: Pool, row: Ranked, folder: str) -> Dict[str, Any]:
    photograph = pool.photographs.get(row.photograph)
    return {
        "place": row.place,
        "name": os.path.basename(photograph.path),
        "path": photograph.path,
        "marks": photograph.marks,
        "scores": {name: f"{value:.4g}" for name, value in row.scores.items() if name != "random"},
        "highest_p": f"{row.highest_p:.3f}",
        "pictures": [_embedded(folder, row, name) for name in ("marked", "phi")],
    }


def _embedded(folder: str, row: Ranked, name: str) -> str:
    small = _small(folder, row, name, WIDTH)
    _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")


def _small(folder: str, row: Ranked, name: str, width: int) -> np.ndarray:
    picture = cv2.imread(os.path.join(folder, f"{row.place:04d}-{name}.jpg"))
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def _write_sheet(path: str, folder: str, rows: Sequence[Ranked]) -> None:
    """Write all photographs small, side by side, with their places."""
    small = [_small(folder, row, "marked", THUMBNAIL) for row in rows]
    if not small:
        return
    step: Tuple[int, int] = max(picture.shape[0] for picture in small) + 4, THUMBNAIL + 4
    sheet = np.full((-(-len(small) // ACROSS) * step[0], ACROSS * step[1], 3), 255, np.uint8)
    for index, (picture, row) in enumerate(zip(small, rows)):
        y, x = index // ACROSS * step[0], index % ACROSS * step[1]
        cv2.putText(
            picture, str(row.place), (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1
        )
        sheet[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    _write_jpeg(path, sheet)
