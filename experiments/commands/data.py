"""From photographs to a store and on to other formats: egl prepare, phantoms, export."""

import argparse
import os
from typing import Any, List

from data_prep.errors import DataError, Report
from data_prep.readers import strict
from experiments.commands.options import add_settings, settings_from
from experiments.commands.parsing import add_command, number, word
from experiments.commands.paths import shared_path


def add_prepare(commands: Any) -> None:
    """`egl prepare`."""
    from data_prep.prepare_settings import PrepareSettings

    parser = add_command(
        commands,
        "prepare",
        _prepare,
        "a folder of photographs -> a patch store",
        "Cut labelled patches from the photographs in SOURCE, split them by patient, and write "
        "them to one HDF5 file. SOURCE is a data set as downloaded (e-ophtha, IDRiD, HEI-MED) or "
        "a folder with images/, masks/ and healthy/; the layout is recognised. Prints a table of "
        "what the store holds.",
    )
    parser.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="+",
        type=shared_path,
        help="folder of a data set. Several, or a pool of egl index with its answers, are mixed in "
        "the folder STORE-photographs: every field of view scaled to one width, the patients of "
        "all in one split",
    )
    parser.add_argument(
        "--out", metavar="STORE.h5", type=shared_path, required=True, help="the store to write"
    )
    parser.add_argument(
        "--contact-sheet",
        metavar="FILE.png",
        type=shared_path,
        help="also write a picture of random patches of each class and split",
    )
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help="leave out photographs that cannot be used, and list them, instead of stopping at the "
        "first",
    )
    add_settings(parser, PrepareSettings)


def _prepare(options: argparse.Namespace) -> None:
    from data_prep.contact_sheet import write_contact_sheet
    from data_prep.outputs import check_sheet_output
    from data_prep.prepare import prepare
    from data_prep.prepare_settings import PrepareSettings
    from data_prep.summary import summary

    settings = settings_from(options, PrepareSettings)
    settings.check()
    if options.contact_sheet is not None:
        check_sheet_output(options.contact_sheet, options.out)
    source = _mixed(options, settings)
    store, problems = prepare(source, options.out, settings, options.skip_bad)
    print(summary(store))
    if problems:
        print(f"{len(problems)} photographs were left out, see above")
    if options.contact_sheet is not None:
        write_contact_sheet(store, options.contact_sheet)
    print(f"wrote {options.out}")


def _mixed(options: argparse.Namespace, settings: Any) -> str:
    """Return the folder to prepare: the only source, or one that is made of all."""
    from data_prep.outputs import check_store_output
    from data_prep.settings import SettingsError
    from labelling.mixing import mix
    from labelling.pool import is_pool

    if len(options.sources) == 1 and not is_pool(options.sources[0]):
        return str(options.sources[0])
    if settings.scale != 1:
        raise SettingsError("--scale: several sources are scaled by their fields of view: leave it")
    check_store_output(options.out)
    folder = os.path.splitext(options.out)[0] + "-photographs"
    problems: List[DataError] = []
    report: Report = problems.append if options.skip_bad else strict
    mix(options.sources, folder, report=report, mask_threshold=settings.mask_threshold)
    for problem in problems:
        print(f"left out: {problem}")
    return folder


def add_phantoms(commands: Any) -> None:
    """`egl phantoms`."""
    parser = add_command(
        commands,
        "phantoms",
        _phantoms,
        "write synthetic photographs, for want of a data set",
        "Draw synthetic fundus photographs with exudate masks, in e-ophtha's layout. They are for "
        "trying things out: numbers measured on them say nothing about real eyes.",
    )
    parser.add_argument("out", metavar="FOLDER", type=shared_path, help="folder to make")
    count = number(int, low=0)
    parser.add_argument(
        "--lesion", type=count, default=16, metavar="N", help="photographs with exudates"
    )
    parser.add_argument(
        "--healthy", type=count, default=32, metavar="N", help="photographs without"
    )
    parser.add_argument("--seed", type=count, default=1, help="same seed, same photographs")


def _phantoms(options: argparse.Namespace) -> None:
    from data_prep import phantom

    phantom.write_dataset(options.out, options.lesion, options.healthy, options.seed)
    print(f"wrote {options.out}")


def add_export(commands: Any) -> None:
    """`egl export`."""
    from egl.training.export import FORMATS

    parser = add_command(
        commands,
        "export",
        _export,
        "a store -> files for Caffe's own tools",
        "Write all that `caffe train` wants: the splits of STORE as HDF5 files or LMDB, "
        "mean.binaryproto, train_val.prototxt, deploy.prototxt and solver.prototxt; and print the "
        "line that trains.",
    )
    parser.add_argument(
        "store", metavar="STORE.h5", type=shared_path, help="written by egl prepare"
    )
    parser.add_argument(
        "--out", metavar="FOLDER", type=shared_path, required=True, help="folder to make"
    )
    formats = sorted(FORMATS)
    parser.add_argument(
        "--format",
        type=word(formats),
        default="hdf5",
        metavar="{" + ",".join(formats) + "}",
        help="of the files",
    )
    parser.add_argument(
        "--seed",
        type=number(int, low=0),
        default=1,
        help="decides the order of the samples, which Caffe reads in the order of the file",
    )


def _export(options: argparse.Namespace) -> None:
    from egl.training.export import export

    print(export(options.store, options.out, options.format, options.seed))
