"""From photographs to a store and on to other formats: egl prepare, phantoms, export."""

from experiments.commands.options import add_command


def add_prepare(commands):
    """`egl prepare`."""
    from data_prep.prepare_settings import PrepareSettings, exudate_rule

    default = PrepareSettings()
    parser = add_command(
        commands, "prepare", _prepare, "a folder of photographs -> a patch store",
        "Cut labelled 48x48 patches from the photographs in SOURCE, split them by patient, and write them to one HDF5 file. SOURCE is a "
        "data set as it was downloaded: e-ophtha, IDRiD, HEI-MED, or a folder with images/, masks/ and healthy/; which one is found out "
        "by looking. Prints a table of what went in.",
    )  # fmt: skip
    parser.add_argument("source", metavar="SOURCE", help="folder of the data set")
    parser.add_argument("--out", metavar="STORE.h5", required=True, help="the store to write")
    parser.add_argument(
        "--seed", type=int, default=default.seed, help="decides the split and the patches"
    )
    parser.add_argument(
        "--train",
        type=int,
        metavar="N",
        default=default.n_train,
        help="training samples per class, the 8 symmetries of a patch counted; the paper's number",
    )
    parser.add_argument(
        "--validation",
        type=int,
        metavar="N",
        default=default.n_validation,
        help="validation samples per class",
    )
    parser.add_argument(
        "--test", type=int, metavar="N", default=default.n_test, help="test samples per class"
    )
    parser.add_argument(
        "--no-augmentation",
        action="store_true",
        help="no symmetries: every sample is a patch of its own",
    )
    parser.add_argument(
        "--exudate-rule",
        type=exudate_rule,
        default=default.exudate_rule,
        help="an exudate patch has its 'centre' pixel annotated, or 'any' pixel, or at least this share of its pixels, for instance 0.05",
    )
    parser.add_argument(
        "--healthy-from",
        choices=("all", "lesion"),
        default=default.healthy_from,
        help="healthy patches come from all photographs, or from those with lesions alone",
    )
    parser.add_argument(
        "--scale",
        type=float,
        default=default.scale,
        help="resize the photographs first, to bring another camera to e-ophtha's scale: a field of view some 900 to 1500 pixels wide; 0.5 for IDRiD as published",
    )
    parser.add_argument(
        "--side",
        type=int,
        metavar="N",
        default=default.side,
        help="side of a patch, pixels; the paper's number",
    )
    parser.add_argument(
        "--contact-sheet",
        metavar="FILE.png",
        help="also write a picture of random patches of each class and split",
    )
    parser.add_argument(
        "--skip-bad",
        action="store_true",
        help="leave out photographs that cannot be used, and list them, instead of stopping at the first",
    )


def _prepare(options):
    from data_prep.contact_sheet import write_contact_sheet
    from data_prep.prepare import PrepareSettings, prepare, summary

    settings = PrepareSettings(
        seed=options.seed,
        n_train=options.train,
        n_validation=options.validation,
        n_test=options.test,
        augmented=not options.no_augmentation,
        exudate_rule=options.exudate_rule,
        healthy_from=options.healthy_from,
        scale=options.scale,
        side=options.side,
    )
    store, problems = prepare(options.source, options.out, settings, options.skip_bad)
    print(summary(store))
    if problems:
        print(f"{len(problems)} photographs were left out, see above")
    if options.contact_sheet:
        write_contact_sheet(store, options.contact_sheet)
    print(f"wrote {options.out}")


def add_phantoms(commands):
    """`egl phantoms`."""
    parser = add_command(
        commands, "phantoms", _phantoms, "write synthetic photographs, for want of a data set",
        "Draw synthetic fundus photographs with exudate masks and write them in e-ophtha's layout. They are for trying things out: numbers "
        "got on them say nothing about real eyes.",
    )  # fmt: skip
    parser.add_argument("out", metavar="FOLDER", help="folder to make")
    parser.add_argument(
        "--lesion", type=int, default=16, metavar="N", help="photographs with exudates"
    )
    parser.add_argument("--healthy", type=int, default=32, metavar="N", help="photographs without")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same photographs")


def _phantoms(options):
    from data_prep import phantom

    phantom.write_dataset(options.out, options.lesion, options.healthy, options.seed)
    print(f"wrote {options.out}")


def add_export(commands):
    """`egl export`."""
    from egl.training.export import FORMATS

    parser = add_command(
        commands, "export", _export, "a store -> files for Caffe's own tools",
        "Write the splits of STORE for people who train with `caffe train`: HDF5Data files with their list, or LMDB.",
    )  # fmt: skip
    parser.add_argument("store", metavar="STORE.h5", help="written by egl prepare")
    parser.add_argument("--out", metavar="FOLDER", required=True, help="folder to make")
    parser.add_argument("--format", choices=sorted(FORMATS), default="hdf5")
    parser.add_argument(
        "--seed",
        type=int,
        default=1,
        help="decides the order of the samples: Caffe reads them as they lie",
    )


def _export(options):
    from egl.training.export import export

    print(export(options.store, options.out, options.format, options.seed))
