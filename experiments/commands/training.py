"""Single runs: egl train, select."""

import os

from experiments.commands.options import add_command, add_device, device_of, with_bar


def _add_trainer(parser):
    from data_prep.normalisation import SCALINGS
    from egl.training.settings import TrainerSettings

    default = TrainerSettings()
    group = parser.add_argument_group("training")
    group.add_argument(
        "--seed",
        type=int,
        default=default.seed,
        help="decides initial weights and every random choice",
    )
    group.add_argument(
        "--rate", type=float, default=default.rate, help="learning rate; the paper's"
    )
    group.add_argument(
        "--batch", type=int, default=default.batch, help="patches in an SGD iteration; the paper's"
    )
    group.add_argument(
        "--momentum",
        type=float,
        default=default.momentum,
        help="Caffe's LeNet; the paper names none",
    )
    group.add_argument(
        "--weight-decay",
        type=float,
        default=default.weight_decay,
        help="Caffe's LeNet; the paper names none",
    )
    group.add_argument(
        "--scaling",
        choices=SCALINGS,
        default=default.scaling,
        help="subtract the training patches' mean, or each patch's own",
    )
    add_device(group)


def _trainer(options):
    from egl.training.trainer import TrainerSettings

    return TrainerSettings(
        seed=options.seed,
        batch=options.batch,
        rate=options.rate,
        momentum=options.momentum,
        weight_decay=options.weight_decay,
        scaling=options.scaling,
        device=device_of(options),
    )


def add_train(commands):
    """`egl train`."""
    from egl.training.full_training import FullTrainingSettings

    parser = add_command(
        commands, "train", _train, "train on the whole training split: the baseline",
        "Train LeNet on all training samples of STORE by plain SGD, and measure it on the validation and test samples after each epoch. "
        "Leaves RUN/metrics.json, RUN/rounds.csv and the weights.",
    )  # fmt: skip
    parser.add_argument("store", metavar="STORE.h5", help="written by egl prepare")
    parser.add_argument(
        "--out",
        metavar="RUN",
        required=True,
        help="folder of the run; an unfinished one is gone on with",
    )
    parser.add_argument(
        "--epochs",
        type=int,
        default=FullTrainingSettings().epochs,
        help="at most so many; the paper's number",
    )
    parser.add_argument(
        "--all-epochs",
        action="store_true",
        help="run them all, and only note where the paper's stopping rule would have ended them",
    )
    _add_trainer(parser)


def _train(options):
    from egl.training.full_training import FullTrainingSettings
    from experiments import work

    settings = FullTrainingSettings(
        _trainer(options), options.epochs, stop_early=not options.all_epochs
    )
    metrics = with_bar(work.train, (options.store, settings, options.out), options.out)
    _print_metrics(metrics, options.out)


def add_select(commands):
    """`egl select`."""
    from egl.gradient_length.phi import ROUTES
    from egl.selection.settings import AFTER_ROUND, BY, LABELLED, SAMPLING, RunSettings
    from egl.strategies import STRATEGIES

    default = RunSettings()
    selection = default.selection
    parser = add_command(
        commands, "select", _select, "train on what EGL, or chance, chooses: the paper's Algorithms 1 and 2",
        "Train LeNet from scratch on few samples of STORE and go on choosing what to label next: whole images (Algorithm 2) or patches "
        "(Algorithm 1), by expected gradient length or at random. Leaves RUN/rounds.csv, one row an evaluation, and "
        "RUN/queries.csv, what was asked.",
    )  # fmt: skip
    parser.add_argument("store", metavar="STORE.h5", help="written by egl prepare")
    parser.add_argument(
        "--out",
        metavar="RUN",
        required=True,
        help="folder of the run; an unfinished one is gone on with",
    )
    parser.add_argument(
        "--strategy",
        choices=STRATEGIES,
        default=default.strategy,
        help="what chooses images, and patches (docs/strategies.md)",
    )
    parser.add_argument(
        "--patch-strategy",
        choices=STRATEGIES,
        help="for the patches alone, where it differs from --strategy",
    )
    parser.add_argument(
        "--by",
        choices=BY,
        default=default.by,
        help="choose images (Algorithm 2) or patches (Algorithm 1)",
    )
    parser.add_argument(
        "--iterations", type=int, default=selection.iterations, help="SGD iterations in all"
    )
    parser.add_argument("--k", type=int, default=selection.k, help="patches chosen a round")
    parser.add_argument(
        "--candidates",
        type=int,
        default=selection.candidates,
        help="samples scored a round, drawn at random; 0: all",
    )
    parser.add_argument(
        "--sampling",
        choices=SAMPLING,
        default=selection.sampling,
        help="how candidates are drawn: all alike, or as many from each image as can be",
    )
    parser.add_argument(
        "--candidate-images",
        type=int,
        metavar="N",
        default=selection.candidate_images,
        help="images scored a round, drawn at random; 0: all",
    )
    parser.add_argument(
        "--after-round",
        choices=AFTER_ROUND,
        default=selection.after_round,
        help="whether a chosen sample may be chosen again: no (L' accumulates) or yes (L' is replaced)",
    )
    parser.add_argument(
        "--initial-iterations",
        type=int,
        help="SGD iterations before the first choice; default: 6 by image (Fig. 2), 5 by patch",
    )
    parser.add_argument(
        "--images-per-round",
        type=int,
        default=selection.images_per_round,
        help="images labelled a round",
    )
    parser.add_argument(
        "--initial-images",
        type=int,
        default=default.initial_images,
        help="mu; half of them with exudates",
    )
    parser.add_argument(
        "--score",
        default=default.score,
        help="an image's score from the phi of its patches: sum, mean, or topN, for instance top5",
    )
    parser.add_argument(
        "--stride",
        type=int,
        default=default.stride,
        help="pixels between the patches by which an image is scored",
    )
    parser.add_argument(
        "--image-patches",
        type=int,
        default=default.image_patches,
        help="how many of these are scored, drawn at random once; 0: all, as in the paper: minutes a round",
    )
    parser.add_argument(
        "--stop-layer",
        default=default.stop_layer,
        help="layer where the backward pass ends: ip2, ip1, conv2, conv1",
    )
    parser.add_argument(
        "--parameters",
        choices=("layer", "above"),
        default=default.parameters,
        help="whose gradient counts: that layer's, or all from there up",
    )
    parser.add_argument(
        "--route",
        choices=ROUTES,
        default=default.route,
        help="how phi is computed; param-diff is the slow reference",
    )
    parser.add_argument(
        "--steps",
        type=int,
        default=selection.steps,
        help="SGD iterations a round: the first on the k patches, the others on random samples of all chosen so far",
    )
    parser.add_argument(
        "--labelled",
        choices=LABELLED,
        default=default.labelled,
        help="the patches of a labelled image: those of the store, balanced, or all of its grid, labelled by its mask, with the classes' natural shares",
    )
    parser.add_argument(
        "--evaluate-every",
        type=int,
        metavar="N",
        default=default.evaluate_every,
        help="measure validation and test samples every N iterations",
    )
    parser.add_argument(
        "--images",
        metavar="FOLDER",
        help="the data set's folder, if it has moved since STORE was made",
    )
    _add_trainer(parser)


def _select(options):
    from egl.selection.settings import RunSettings, SelectionSettings
    from experiments import work

    selection = SelectionSettings(
        iterations=options.iterations,
        k=options.k,
        after_round=options.after_round,
        candidates=options.candidates,
        sampling=options.sampling,
        candidate_images=options.candidate_images,
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
    _print_metrics(
        with_bar(work.select, (options.store, settings, options.out, options.images), options.out),
        options.out,
    )


def _print_metrics(metrics, out):
    for split in ("validation", "test"):
        values = metrics[split]
        print(
            f"{split:<11}"
            + "  ".join(
                f"{n} {values[n]:.4f}"
                for n in ("f_measure", "sensitivity", "specificity", "accuracy", "auc")
            )
        )
    print(
        "{} iterations; wrote {}".format(metrics["iterations"], os.path.join(out, "metrics.json"))
    )
    if metrics["diverged"]:
        print(f"{metrics['diverged']}: these are the numbers measured last before")
