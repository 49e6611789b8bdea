"""What people answer, and what a model learns from it: egl ask, answer, learn."""

import argparse
import getpass
import os
from typing import Any

from experiments.commands.options import add_settings, settings_from
from experiments.commands.parsing import add_command, add_device, device_of, number, word
from experiments.commands.paths import shared_path
from experiments.commands.pools import (
    add_model_option,
    add_out_folder,
    add_pool,
    add_pool_and_model,
    add_sources,
    print_listed,
)
from experiments.commands.progress import progress_bar
from experiments.processes import BadInput, run_in_child


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
    add_pool(parser)
    parser.add_argument("--n", type=number(int, low=1), default=10, help="photographs")
    parser.add_argument(
        "--format", type=word(FORMATS), default="png", metavar="{" + ",".join(FORMATS) + "}",
        help="of the masks",
    )  # fmt: skip
    add_out_folder(parser)
    _add_who(parser)
    add_model_option(parser, required=False)
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
    add_pool(parser)
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
    add_pool_and_model(parser)
    parser.add_argument(
        "--out", metavar="MODEL", type=shared_path, required=True, help="folder to make"
    )
    add_sources(parser)
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
    print_listed("left out", iter(learnt.problems))
    print(f"{learnt.answers} answers of {learnt.minutes:.0f} minutes")
    print(f"on {learnt.n_kept_out} patients kept out:")
    for name in ("f_measure", "auc", "sensitivity", "specificity"):
        print(f"  {name:<12} {learnt.before[name]:.4f} before, {learnt.after[name]:.4f} now")
    print(f"wrote {options.out}")


def _add_who(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--who", default=getpass.getuser(), metavar="NAME", help="the person who labels"
    )
