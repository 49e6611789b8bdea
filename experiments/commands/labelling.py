"""Photographs without labels, and the models that look at them: egl model, index, rank, ..."""

import argparse
import contextlib
import getpass
import os
from contextlib import contextmanager
from typing import Any, Callable, Iterator

from tqdm import tqdm

from experiments.commands.options import add_settings, settings_from
from experiments.commands.parsing import add_command, add_device, device_of, number, word
from experiments.commands.paths import shared_path
from experiments.commands.progress import progress_bar
from experiments.processes import BadInput, Failure, run_in_child

MOST_LISTED = 20  # lines of one kind that a command prints; all are in the pool


def add_model(commands: Any) -> None:
    """`egl model`."""
    parser = add_command(
        commands,
        "model",
        _model,
        "a finished run -> a model: one folder to keep and to give away",
        "Make a folder in the form of Caffe's Model Zoo from a finished run of egl train or "
        "select: weights, nets, normalisation, and the threshold that gave the highest F-measure "
        "on the validation samples. Commands with --model take a run or a model.",
    )
    parser.add_argument("run_folder", metavar="RUN", type=shared_path, help="a finished run")
    parser.add_argument(
        "--out", metavar="MODEL", type=shared_path, required=True, help="folder to make"
    )
    parser.add_argument("--name", help="the model's name; not given: the run's")
    parser.add_argument("--licence", help="of the weights; not given: the data set's")
    parser.add_argument(
        "--field-width",
        type=number(float, low=1),
        metavar="PIXELS",
        help="width of the field of view in the photographs it was trained on; not given: as the "
        "run's store says",
    )


def _model(options: argparse.Namespace) -> None:
    from dataclasses import replace

    from egl.training.model_folder import model_of_run, write_model

    model = model_of_run(options.run_folder, options.field_width)
    given = {name: getattr(options, name) for name in ("name", "licence")}
    changes = {name: value for name, value in given.items() if value is not None}
    write_model(replace(model, **changes), options.out)
    print(f"threshold {model.threshold:.4f}; field of view {model.field_width:.0f} pixels wide")
    print(f"wrote {options.out}")


def add_index(commands: Any) -> None:
    """`egl index`."""
    from labelling.index_settings import IndexSettings

    parser = add_command(
        commands,
        "index",
        _index,
        "folders of unlabelled photographs -> a pool",
        "Find the photographs in trees of folders (JPEG, PNG, TIFF, DICOM), read each once, and "
        "enter it into POOL: field of view, scale, quality, patient, copies and near-copies. Files "
        "that cannot be used are listed, not fatal. Run it again to go on after an interrupt, or "
        "for new files. Nothing leaves this machine.",
    )
    parser.add_argument(
        "folders", metavar="FOLDER", nargs="+", type=shared_path, help="where photographs lie"
    )
    parser.add_argument(
        "--out",
        metavar="POOL",
        type=shared_path,
        required=True,
        help="the pool to make or to add to",
    )
    _add_workers(parser)
    add_settings(parser, IndexSettings)


def _index(options: argparse.Namespace) -> None:
    from labelling.index_settings import IndexSettings
    from labelling.indexing import index
    from labelling.pool import Pool

    settings = settings_from(options, IndexSettings)
    settings.check()
    with Pool(options.out, create=True) as pool:
        with _executor(options) as (executor, at_once), _bar("indexing", "photograph") as progress:
            done = index(options.folders, pool, settings, executor, at_once, progress)
        photographs = pool.photographs
        _list("cannot be used", (f"{row.path}: {_why(row)}" for row in photographs.not_usable()))
        _list(
            "may name a person: rename it, or remove what its header says, before it is given away",
            (f"{row.path}: {row.warning}" for row in photographs.with_warning()),
        )
        moved = f", {done.moved} found under another name" if done.moved else ""
        print(f"{done.read} photographs read, {done.known} known already{moved}")
        print(f"{photographs.n_usable()} of {len(photographs)} files can be used")
    print(f"wrote {options.out}")


def add_rank(commands: Any) -> None:
    """`egl rank`."""
    from labelling.rank_settings import RankSettings

    parser = add_command(
        commands,
        "rank",
        _rank,
        "a pool -> which photographs to label first, with maps",
        "Score every photograph of POOL that nobody has answered with a model, and write which to "
        "label first: DIR/ranking.csv, and of the first ones overlays, a contact sheet and "
        "DIR/gallery.html to leaf through. Research use; not a medical device.",
    )
    _add_pool_and_model(parser)
    _add_out_folder(parser)
    _add_workers(parser)
    add_device(parser)
    add_settings(parser, RankSettings)


def _rank(options: argparse.Namespace) -> None:
    from labelling.gallery import write_gallery
    from labelling.pool import Pool
    from labelling.rank_settings import RankSettings
    from labelling.ranking import rank, write_ranking
    from labelling.scoring import Job

    settings = settings_from(options, RankSettings)
    settings.check()
    device = device_of(options)
    _make_folder(options.out)
    with Pool(options.pool) as pool, _executor(options) as (executor, at_once):
        if settings.budget:
            pool.budget_minutes = settings.budget + pool.minutes_used
        with _bar("ranking", "photograph") as progress:
            done = rank(pool, options.model, settings, executor, at_once, device, progress)
        write_ranking(pool, done.ranking, os.path.join(options.out, "ranking.csv"))
        job = Job(os.path.abspath(options.model), device, settings.stride, settings.seed)
        with _bar("drawing", "photograph") as progress:
            write_gallery(
                pool, done.ranking, done.first, job, options.out, executor, at_once, progress
            )
        _list("could not be scored", (problem.reason for problem in done.problems))
    print(f"{done.n_ranked} photographs ranked; the first {done.first} are drawn")
    minutes = done.first * done.seconds_each / 60
    print(f"to label these will take about {minutes:.0f} minutes ({done.seconds_each:.0f} s each)")
    print(f"look at {os.path.join(options.out, 'gallery.html')}")


def add_predict(commands: Any) -> None:
    """`egl predict`."""
    from labelling.rank_settings import PredictSettings

    parser = add_command(
        commands,
        "predict",
        _predict,
        "photographs -> masks of exudates that a model suggests",
        "Write for each photograph its map of p(exudate) (16-bit TIFF, 65535 for 1), the mask "
        "above the model's threshold (PNG), and its outline over the photograph; and "
        "DIR/predictions.csv. Research use; not a medical device.",
    )
    parser.add_argument(
        "sources", metavar="POOL|IMAGE", nargs="+", type=shared_path, help="a pool, or photographs"
    )
    _add_model(parser)
    _add_out_folder(parser)
    _add_workers(parser)
    add_device(parser)
    add_settings(parser, PredictSettings)


def _predict(options: argparse.Namespace) -> None:
    from egl.training.model_folder import read_model
    from labelling.pool import Pool, is_pool
    from labelling.predicting import predict, tasks_of_files, tasks_of_pool
    from labelling.rank_settings import PredictSettings
    from labelling.scoring import Job

    settings = settings_from(options, PredictSettings)
    settings.check()
    model = read_model(options.model)
    device = device_of(options)
    job = Job(os.path.abspath(options.model), device, settings.stride)
    with contextlib.ExitStack() as stack:
        if len(options.sources) == 1 and is_pool(options.sources[0]):
            pool = stack.enter_context(Pool(options.sources[0]))
            tasks, total = tasks_of_pool(pool), pool.photographs.n_usable()
        else:
            found = tasks_of_files(options.sources)
            tasks, total = iter(found), len(found)
        _make_folder(options.out)
        executor, at_once = stack.enter_context(_executor(options))
        progress = stack.enter_context(_bar("predicting", "photograph"))
        problems = predict(
            tasks, total, job, model.threshold, options.out, executor, at_once, progress
        )
    _list("could not be predicted", (problem.reason for problem in problems))
    print(f"{total - len(problems)} photographs; threshold {model.threshold:.4f}")
    print(f"wrote {os.path.join(options.out, 'predictions.csv')}")


def add_ask(commands: Any) -> None:
    """`egl ask`."""
    from labelling.formats import FORMATS

    parser = add_command(
        commands,
        "ask",
        _ask,
        "the next photographs to label, for another program",
        "Write the next N photographs of POOL, by its newest ranking, into the new folder DIR for "
        "a person who labels them in another program, with masks that a model draws beforehand: "
        "PNG for any painter, JSON for Label Studio, COCO for CVAT.",
    )
    parser.add_argument("pool", metavar="POOL", type=shared_path, help="written by egl index")
    parser.add_argument("--n", type=number(int, low=1), default=10, help="photographs")
    parser.add_argument(
        "--format", type=word(FORMATS), default="png", metavar="{" + ",".join(FORMATS) + "}",
        help="of the masks",
    )  # fmt: skip
    _add_out_folder(parser)
    _add_who(parser)
    _add_model(parser, required=False)
    add_device(parser)


def _ask(options: argparse.Namespace) -> None:
    from labelling.exchange import ask
    from labelling.pool import Pool

    device = device_of(options) if options.model else "cpu"
    with Pool(options.pool) as pool:
        numbers = ask(
            pool, options.n, options.format, options.out, options.who, options.model, device
        )
    print(f"wrote {len(numbers)} photographs to {options.out}; others do not get them for a week")


def add_answer(commands: Any) -> None:
    """`egl answer`."""
    from labelling.exchange import EMPTY

    parser = add_command(
        commands,
        "answer",
        _answer,
        "masks from another program -> the pool",
        "Take masks back: PNGs with the names that egl ask gave, COCO's JSON, or Label Studio's "
        "JSON export. All files are taken, or none where one cannot be used.",
    )
    parser.add_argument("pool", metavar="POOL", type=shared_path, help="written by egl index")
    parser.add_argument(
        "files", metavar="FILE", nargs="+", type=shared_path, help="PNG, JSON, or folders of them"
    )
    _add_who(parser)
    parser.add_argument(
        "--seconds",
        type=number(float, low=0),
        default=0.0,
        help="that a photograph took, on average; they count against the budget",
    )
    parser.add_argument(
        "--empty", type=word(EMPTY), default="skip", metavar="{" + ",".join(EMPTY) + "}",
        help="what it means that nothing is drawn: no answer (skip), or no exudate (healthy)",
    )  # fmt: skip


def _answer(options: argparse.Namespace) -> None:
    from labelling.exchange import take_answers
    from labelling.pool import Pool

    with Pool(options.pool) as pool:
        taken = take_answers(pool, options.files, options.who, options.seconds, options.empty)
        counts = ", ".join(f"{count} {kind}" for kind, count in pool.answers.counts().items())
    print(f"{taken.added} answers added, {taken.known} known already")
    if taken.empty:
        print(f"{taken.empty} with nothing drawn left out; --empty healthy takes them as answers")
    print(f"the pool's answers: {counts}")


def add_learn(commands: Any) -> None:
    """`egl learn`."""
    from labelling.learn_settings import LearnSettings

    parser = add_command(
        commands,
        "learn",
        _learn,
        "a model and a pool's answers -> a better model",
        "Go on training a model on the masks and the healthy photographs that people answered, "
        "measure it on patients who are kept out for good, and write the new model.",
    )
    _add_pool_and_model(parser)
    parser.add_argument(
        "--out", metavar="MODEL", type=shared_path, required=True, help="folder to make"
    )
    parser.add_argument(
        "--with",
        dest="sources",
        metavar="SOURCE",
        nargs="+",
        type=shared_path,
        default=[],
        help="data sets to learn from as well, so that what is known is not forgotten",
    )
    add_device(parser)
    add_settings(parser, LearnSettings)


def _learn(options: argparse.Namespace) -> None:
    import tempfile

    from egl.training.model_folder import read_model
    from labelling.learn_settings import LearnSettings
    from labelling.learning import learn
    from labelling.pool import Pool

    settings = settings_from(options, LearnSettings)
    settings.check()
    if os.path.lexists(options.out):
        raise BadInput(f"--out {options.out}: exists already: name a folder that does not")
    read_model(options.model)
    Pool(options.pool).close()
    parent = os.path.dirname(os.path.abspath(options.out))
    if not os.path.isdir(parent):
        raise BadInput(f"--out {options.out}: there is no folder {parent}: make it")
    device = device_of(options)
    with tempfile.TemporaryDirectory(prefix=".egl-learn-", dir=parent) as work:
        arguments = (
            options.pool, options.model, options.out, work, settings, options.sources, device
        )  # fmt: skip
        with progress_bar(options.out) as progress:
            learnt = run_in_child(learn, arguments, work, progress)
    _list("left out", iter(learnt.problems))
    print(f"{learnt.answers} answers of {learnt.minutes:.0f} minutes")
    print(f"on {learnt.n_kept_out} patients kept out:")
    for name in ("f_measure", "auc", "sensitivity", "specificity"):
        print(f"  {name:<12} {learnt.before[name]:.4f} before, {learnt.after[name]:.4f} now")
    print(f"wrote {options.out}")


def _add_who(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--who", default=getpass.getuser(), metavar="NAME", help="the person who labels"
    )


def _add_model(parser: argparse.ArgumentParser, required: bool = True) -> None:
    parser.add_argument(
        "--model",
        metavar="RUN|MODEL",
        type=shared_path,
        required=required,
        help="a model folder, or the folder of a finished run",
    )


def _add_pool_and_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pool", metavar="POOL", type=shared_path, help="written by egl index")
    _add_model(parser)


def _add_out_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", metavar="DIR", type=shared_path, required=True, help="folder to write into"
    )


def _make_folder(path: str) -> None:
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise BadInput(f"--out {path}: cannot be made ({error.strerror}); name another") from error


def _why(row: Any) -> str:
    if row.problem:
        return str(row.problem)
    if row.duplicate_of is not None:
        kind = "a copy" if row.duplicate_kind == "copy" else "nearly a copy"
        return f"{kind} of photograph {row.duplicate_of}"
    return str(row.marks)


def _list(title: str, lines: Iterator[str]) -> None:
    """Print some lines under their title, and how many there are."""
    count = 0
    for count, line in enumerate(lines, start=1):
        if count <= MOST_LISTED:
            print(f"  {line}")
    if count:
        more = f" ({count - MOST_LISTED} more)" if count > MOST_LISTED else ""
        print(f"{count} {title}{more}")


def _add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workers",
        type=number(int, low=1),
        default=1,
        metavar="N",
        help="processes; the results are the same for any number",
    )
    parser.add_argument(
        "--scheduler",
        metavar="tcp://HOST:PORT",
        help="a Dask scheduler, whose workers are used instead; they must see the photographs "
        "under the same paths",
    )


@contextmanager
def _executor(options: argparse.Namespace) -> Iterator[Any]:
    from labelling.executors import LostWorker, executor_for

    try:
        with executor_for(options.workers, options.scheduler) as executor:
            yield executor
    except LostWorker as error:
        raise Failure(str(error)) from error


@contextmanager
def _bar(description: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Yield progress(done, total), which draws a bar with the time that is left, on a terminal."""
    with tqdm(desc=description, unit=unit, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
