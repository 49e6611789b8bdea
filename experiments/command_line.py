"""The command `egl`: what each subcommand takes, and how errors reach the person who typed it."""
import argparse
import os
import sys

from data_prep import __version__
from experiments.child import BAD_INPUT, BadInput, Failure

DESCRIPTION = """Train LeNet on 48x48 patches of fundus photographs with Caffe, and choose what an ophthalmologist should
label next by expected gradient length (EGL). After Otálora, Perdomo, González, Müller (2017)."""

EPILOG = """Exit status: 0 done; 1 something failed that is no fault of the input; 2 bad input. A command that was interrupted goes on
where it was when it is given again. What the files hold: docs/files.md."""


def main(arguments=None):
    """Run one subcommand; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except BAD_INPUT + (BadInput,) as error:
        print(f"egl: {error}", file=sys.stderr)
        return 2
    except Failure as error:
        print(f"egl: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("egl: interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def _parser():
    parser = argparse.ArgumentParser(prog="egl", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    commands.required = True
    for add in (_add_prepare, _add_phantoms, _add_train, _add_select, _add_reproduce, _add_export):
        add(commands)
    return parser


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Names the default of an option, where it has one."""

    def _get_help_string(self, action):
        return action.help if action.default in (None, False) else super()._get_help_string(action)


def _command(commands, name, run, brief, text):
    parser = commands.add_parser(name, help=brief, description=text, formatter_class=_Help)
    parser.set_defaults(run=run)
    return parser


def _add_prepare(commands):
    from data_prep.prepare import PrepareSettings

    default = PrepareSettings()
    parser = _command(
        commands, "prepare", _prepare, "a folder of photographs -> a patch store",
        "Cut labelled 48x48 patches from the photographs in SOURCE, split them by patient, and write them to one HDF5 file. SOURCE is a "
        "data set as it was downloaded: e-ophtha, IDRiD, HEI-MED, or a folder with images/, masks/ and healthy/; which one is found out "
        "by looking. Prints a table of what went in.",
    )  # fmt: skip
    parser.add_argument("source", metavar="SOURCE", help="folder of the data set")
    parser.add_argument("--out", metavar="STORE.h5", required=True, help="the store to write")
    parser.add_argument("--seed", type=int, default=default.seed, help="decides the split and the patches")
    parser.add_argument("--train", type=int, metavar="N", default=default.n_train, help="training samples per class, the 8 symmetries of a patch counted; the paper's number")
    parser.add_argument("--validation", type=int, metavar="N", default=default.n_validation, help="validation samples per class")
    parser.add_argument("--test", type=int, metavar="N", default=default.n_test, help="test samples per class")
    parser.add_argument("--no-augmentation", action="store_true", help="no symmetries: every sample is a patch of its own")
    parser.add_argument("--exudate-rule", type=_rule, default=default.exudate_rule, help="an exudate patch has its 'centre' pixel annotated, or 'any' pixel, or at least this share of its pixels, for instance 0.05")
    parser.add_argument("--healthy-from", choices=("all", "lesion"), default=default.healthy_from, help="healthy patches come from all photographs, or from those with lesions alone")
    parser.add_argument("--scale", type=float, default=default.scale, help="resize the photographs first, to bring another camera to e-ophtha's scale: a field of view some 900 to 1500 pixels wide; 0.5 for IDRiD as published")
    parser.add_argument("--contact-sheet", metavar="FILE.png", help="also write a picture of random patches of each class and split")
    parser.add_argument("--skip-bad", action="store_true", help="leave out photographs that cannot be used, and list them, instead of stopping at the first")


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
    )
    store, problems = prepare(options.source, options.out, settings, options.skip_bad)
    print(summary(store))
    if problems:
        print(f"{len(problems)} photographs were left out, see above")
    if options.contact_sheet:
        write_contact_sheet(store, options.contact_sheet)
    print(f"wrote {options.out}")


def _add_phantoms(commands):
    parser = _command(
        commands, "phantoms", _phantoms, "write synthetic photographs, for want of a data set",
        "Draw synthetic fundus photographs with exudate masks and write them in e-ophtha's layout. They are for trying things out: numbers "
        "got on them say nothing about real eyes.",
    )  # fmt: skip
    parser.add_argument("out", metavar="FOLDER", help="folder to make")
    parser.add_argument("--lesion", type=int, default=16, metavar="N", help="photographs with exudates")
    parser.add_argument("--healthy", type=int, default=32, metavar="N", help="photographs without")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same photographs")


def _phantoms(options):
    from data_prep import phantom

    phantom.write_dataset(options.out, options.lesion, options.healthy, options.seed)
    print(f"wrote {options.out}")


def _add_trainer(parser):
    from egl.trainer import SCALINGS, TrainerSettings

    default = TrainerSettings()
    group = parser.add_argument_group("training")
    group.add_argument("--seed", type=int, default=default.seed, help="decides initial weights and every random choice")
    group.add_argument("--rate", type=float, default=default.rate, help="learning rate; the paper's")
    group.add_argument("--batch", type=int, default=default.batch, help="patches in an SGD iteration; the paper's")
    group.add_argument("--momentum", type=float, default=default.momentum, help="Caffe's LeNet; the paper names none")
    group.add_argument("--weight-decay", type=float, default=default.weight_decay, help="Caffe's LeNet; the paper names none")
    group.add_argument("--scaling", choices=SCALINGS, default=default.scaling, help="subtract the training patches' mean, or each patch's own")
    group.add_argument("--device", default=default.device, help="cpu or gpu:N; a GPU wants a Caffe built with CUDA")


def _trainer(options):
    from egl.trainer import TrainerSettings

    return TrainerSettings(
        seed=options.seed,
        batch=options.batch,
        rate=options.rate,
        momentum=options.momentum,
        weight_decay=options.weight_decay,
        scaling=options.scaling,
        device=options.device,
    )


def _add_train(commands):
    from egl.full_training import FullTrainingSettings

    parser = _command(
        commands, "train", _train, "train on the whole training split: the baseline",
        "Train LeNet on all training samples of STORE by plain SGD, and measure it on the validation and test samples after each epoch. "
        "Leaves RUN/metrics.json, RUN/rounds.csv and the weights.",
    )  # fmt: skip
    parser.add_argument("store", metavar="STORE.h5", help="written by egl prepare")
    parser.add_argument("--out", metavar="RUN", required=True, help="folder of the run; an unfinished one is gone on with")
    parser.add_argument("--epochs", type=int, default=FullTrainingSettings().epochs, help="at most so many; the paper's number")
    parser.add_argument("--all-epochs", action="store_true", help="run them all, and only note where the paper's stopping rule would have ended them")
    _add_trainer(parser)


def _train(options):
    from egl.full_training import FullTrainingSettings
    from experiments import work

    settings = FullTrainingSettings(_trainer(options), options.epochs, stop_early=not options.all_epochs)
    metrics = _with_bar(work.train, (options.store, settings, options.out), options.out)
    _print_metrics(metrics, options.out)
    if metrics["diverged"]:
        print(f"{metrics['diverged']}: these are the numbers of epoch {metrics['epochs']}, the last whole one before")


def _add_select(commands):
    from egl.algorithms import AFTER_ROUND
    from egl.gradient_length import ROUTES
    from egl.selection import BY, LABELLED, STRATEGIES, RunSettings

    default = RunSettings()
    selection = default.selection
    parser = _command(
        commands, "select", _select, "train on what EGL, or chance, chooses: the paper's Algorithms 1 and 2",
        "Train LeNet from scratch on few samples of STORE and go on choosing what to label next: whole images (Algorithm 2) or patches "
        "(Algorithm 1), by expected gradient length or at random. Leaves RUN/rounds.csv, one row an evaluation, and "
        "RUN/queries.csv, what was asked.",
    )  # fmt: skip
    parser.add_argument("store", metavar="STORE.h5", help="written by egl prepare")
    parser.add_argument("--out", metavar="RUN", required=True, help="folder of the run; an unfinished one is gone on with")
    parser.add_argument("--strategy", choices=STRATEGIES, default=default.strategy, help="what chooses images, and patches")
    parser.add_argument("--patch-strategy", choices=STRATEGIES, help="for the patches alone, where it differs from --strategy")
    parser.add_argument("--by", choices=BY, default=default.by, help="choose images (Algorithm 2) or patches (Algorithm 1)")
    parser.add_argument("--iterations", type=int, default=selection.iterations, help="SGD iterations in all")
    parser.add_argument("--k", type=int, default=selection.k, help="patches chosen a round")
    parser.add_argument("--candidates", type=int, default=selection.candidates, help="samples scored a round, drawn at random; 0: all")
    parser.add_argument("--after-round", choices=AFTER_ROUND, default=selection.after_round, help="whether a chosen sample may be chosen again: no (L' accumulates) or yes (L' is replaced)")
    parser.add_argument("--initial-iterations", type=int, help="SGD iterations before the first choice; default: 6 by image (Fig. 2), 5 by patch")
    parser.add_argument("--images-per-round", type=int, default=selection.images_per_round, help="images labelled a round")
    parser.add_argument("--initial-images", type=int, default=default.initial_images, help="mu; half of them with exudates")
    parser.add_argument("--score", default=default.score, help="an image's score from the phi of its patches: sum, mean, or topN, for instance top5")
    parser.add_argument("--stride", type=int, default=default.stride, help="pixels between the patches by which an image is scored")
    parser.add_argument("--image-patches", type=int, default=default.image_patches, help="how many of these are scored, drawn at random once; 0: all, as in the paper: minutes a round")
    parser.add_argument("--stop-layer", default=default.stop_layer, help="layer where the backward pass ends: ip2, ip1, conv2, conv1")
    parser.add_argument("--parameters", choices=("layer", "above"), default=default.parameters, help="whose gradient counts: that layer's, or all from there up")
    parser.add_argument("--route", choices=ROUTES, default=default.route, help="how phi is computed; param-diff is the slow reference")
    parser.add_argument("--steps", type=int, default=selection.steps, help="SGD iterations a round: the first on the k patches, the others on random samples of all chosen so far")
    parser.add_argument("--labelled", choices=LABELLED, default=default.labelled, help="the patches of a labelled image: those of the store, balanced, or all of its grid, labelled by its mask, with the classes' natural shares")
    parser.add_argument("--evaluate-every", type=int, metavar="N", default=default.evaluate_every, help="measure validation and test samples every N iterations")
    parser.add_argument("--images", metavar="FOLDER", help="the data set's folder, if it has moved since STORE was made")
    _add_trainer(parser)


def _select(options):
    from egl.algorithms import SelectionSettings
    from egl.selection import RunSettings
    from experiments import work

    selection = SelectionSettings(
        iterations=options.iterations,
        k=options.k,
        after_round=options.after_round,
        candidates=options.candidates,
        initial_iterations=options.initial_iterations or {"image": 6, "patch": 5}[options.by],
        images_per_round=options.images_per_round,
        steps=options.steps,
    )
    settings = RunSettings(
        by=options.by,
        strategy=options.strategy,
        patch_strategy=options.patch_strategy or "",
        selection=selection,
        trainer=_trainer(options),
        initial_images=options.initial_images,
        stop_layer=options.stop_layer,
        parameters=options.parameters,
        route=options.route,
        score=options.score,
        stride=options.stride,
        image_patches=options.image_patches,
        labelled=options.labelled,
        evaluate_every=options.evaluate_every,
    )
    _print_metrics(_with_bar(work.select, (options.store, settings, options.out, options.images), options.out), options.out)


def _add_reproduce(commands):
    from experiments.protocols import PROTOCOLS

    parser = _command(
        commands, "reproduce", _reproduce, "the paper's Fig. 2, from photographs to a report",
        "Run the paper's main experiment (Fig. 2) and write OUT/report.html. Without SOURCE it runs on phantoms. Finished parts are not run again.",
    )  # fmt: skip
    parser.add_argument("source", metavar="SOURCE", nargs="?", help="folder of a data set, as for egl prepare")
    parser.add_argument("--out", metavar="OUT", required=True, help="folder for everything that is made")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="protocol", action="store_const", const="quick", help="minutes: few seeds and patches; the default without SOURCE")
    size.add_argument("--standard", dest="protocol", action="store_const", const="standard", help="the paper's store, 5 seeds, a random part of the patches scored; the default with SOURCE")
    size.add_argument("--full", dest="protocol", action="store_const", const="full", help="10 seeds, every patch scored: days")
    parser.add_argument("--seeds", type=int, metavar="N", help="seeds of each strategy; default: {}".format(", ".join(f"{p.name} {p.seeds}" for p in PROTOCOLS.values())))
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="runs at a time, one core each")
    parser.add_argument("--momentum", type=float, help="as for egl select; the paper's equation has none: 0")
    parser.add_argument("--weight-decay", type=float, help="as for egl select; the paper's equation has none: 0")
    parser.add_argument("--scale", type=float, default=1.0, help="as for egl prepare")
    parser.add_argument("--skip-bad", action="store_true", help="as for egl prepare")


def _reproduce(options):
    from experiments.protocols import PROTOCOLS
    from experiments.reproduce import reproduce

    if options.jobs < 1 or (options.seeds is not None and options.seeds < 1):
        raise BadInput("--jobs and --seeds must be at least 1")
    protocol = PROTOCOLS[options.protocol or ("standard" if options.source else "quick")]
    given = {"momentum": options.momentum, "weight_decay": options.weight_decay}
    trainer = protocol.selection.trainer._replace(**{name: value for name, value in given.items() if value is not None})
    trainer.check()
    protocol = protocol._replace(
        seeds=options.seeds or protocol.seeds,
        prepare=protocol.prepare._replace(scale=options.scale),
        selection=protocol.selection._replace(trainer=trainer),
    )
    report, failed = reproduce(options.source, options.out, protocol, options.jobs, options.skip_bad)
    for line in failed:
        print("egl: " + line, file=sys.stderr)
    print(f"report: {os.path.abspath(report)}")
    return 1 if failed else 0


def _add_export(commands):
    from data_prep.export import FORMATS

    parser = _command(
        commands, "export", _export, "a store -> files for Caffe's own tools",
        "Write the splits of STORE for people who train with `caffe train`: HDF5Data files with their list, or LMDB.",
    )  # fmt: skip
    parser.add_argument("store", metavar="STORE.h5", help="written by egl prepare")
    parser.add_argument("--out", metavar="FOLDER", required=True, help="folder to make")
    parser.add_argument("--format", choices=sorted(FORMATS), default="hdf5")
    parser.add_argument("--seed", type=int, default=1, help="decides the order of the samples: Caffe reads them as they lie")


def _export(options):
    from data_prep.export import export

    print(export(options.store, options.out, options.format, options.seed))


def _rule(text):
    """Return an exudate rule from the command line: a word as it is, a number as a float."""
    try:
        return float(text)
    except ValueError:
        return text


def _with_bar(work, arguments, out):
    from tqdm import tqdm

    from experiments.child import run_in_child

    bar = None

    def progress(done, total):
        nonlocal bar
        if bar is None:  # bad input shows no bar
            bar = tqdm(total=total, unit="batch", desc=os.path.basename(os.path.normpath(out)), initial=done - 1)
        bar.update(done - bar.n)

    try:
        return run_in_child(work, arguments, out, progress)
    finally:
        if bar is not None:
            bar.close()


def _print_metrics(metrics, out):
    for split in ("validation", "test"):
        values = metrics[split]
        print(f"{split:<11}" + "  ".join(f"{n} {values[n]:.4f}" for n in ("f_measure", "sensitivity", "specificity", "accuracy", "auc")))
    print("{} iterations; wrote {}".format(metrics["iterations"], os.path.join(out, "metrics.json")))
