"""Photographs without labels, and the models that look at them: egl model, ..."""

import argparse
from typing import Any

from experiments.commands.parsing import add_command, number
from experiments.commands.paths import shared_path


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
