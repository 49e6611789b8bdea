"""One seed's course: the first model, then labelling, learning and ranking in turn.

Every step leaves a file that is whole, and is not done again where its file is there.
"""

import json
import os
import shutil
import tempfile
from typing import Any, Dict, List, NamedTuple

from data_prep import split as splits
from data_prep.files import write_json
from data_prep.masks import read_mask
from data_prep.prepare import prepare
from data_prep.prepare_settings import PrepareSettings
from data_prep.random_streams import Stream, random_state
from data_prep.store import PatchStore
from egl.gradient_length.scorer import NetScorer
from egl.training.evaluation import posterior_of
from egl.training.full_training import train
from egl.training.metrics import classification_metrics
from egl.training.model_folder import model_of_run, read_model, write_model
from egl.training.settings import FullTrainingSettings, TrainerSettings
from experiments.ophthalmologist.dealing import Sizes, deal, write_dataset
from experiments.ophthalmologist.person import answer
from experiments.processes import run_in_child
from labelling.executors import executor_for
from labelling.index_settings import IndexSettings
from labelling.indexing import index
from labelling.learn_settings import LearnSettings
from labelling.learning import learn
from labelling.page.settings import LabelSettings
from labelling.page.work import Work
from labelling.pool import Pool
from labelling.rank_settings import RankSettings
from labelling.ranking import rank

RANKED, RANDOM = "ranked", "random"
WHO = "simulated"


class Plan(NamedTuple):
    """How much is done. every: answers between two learnings; stride: of the ranking, pixels."""

    sizes: Sizes = Sizes()
    photographs: int = 40
    every: int = 10
    first_iterations: int = 300
    iterations: int = 100
    stride: int = 48


SMALL = Plan(Sizes((4, 4), (4, 4), (5, 5)), 4, 2, 20, 10)


def rows_of_seed(data: str, seed: int, folder: str, plan: Plan) -> List[Dict[str, Any]]:
    """Return a row {seed, order, photographs, exudates, minutes, f_measure, auc} for each learning
    of both orders, those before the first answer among them; folder: for what is kept."""
    os.makedirs(folder, exist_ok=True)
    _prepare(data, seed, folder, plan)
    first = _measured(os.path.join(folder, "model"), folder)
    rows: List[Dict[str, Any]] = []
    for order in (RANKED, RANDOM):
        common: Dict[str, Any] = {"seed": seed, "order": order}
        rows.append({**common, "photographs": 0, "exudates": 0, "minutes": 0.0, **first})
        rows += [{**common, **row} for row in _label(seed, folder, order, plan)]
    return rows


def _prepare(data: str, seed: int, folder: str, plan: Plan) -> None:
    """Make the first model, the store to measure on, and the pool."""
    parts = deal(data, seed, plan.sizes)
    paths = {name: os.path.join(folder, name) for name in (*parts, "both")}
    for name, records in (*parts.items(), ("both", parts["first"] + parts["test"])):
        if not os.path.isdir(paths[name]):
            write_dataset(records, paths[name])
    store_path = os.path.join(folder, "store.h5")
    if not os.path.isfile(store_path):
        split_of = {record.patient: splits.NAMES.index("test") for record in parts["test"]}
        for healthy in (False, True):
            first = [row.patient for row in parts["first"] if row.lesion != healthy]
            split_of.update(dict.fromkeys(first, splits.NAMES.index("train")))
            split_of[first[0]] = splits.NAMES.index("validation")
        prepare(paths["both"], store_path, PrepareSettings(), progress=False, split_of=split_of)
    if not os.path.isdir(os.path.join(folder, "model")):
        settings = FullTrainingSettings(
            TrainerSettings(seed=seed), stop_early=False, iterations=plan.first_iterations,
            evaluate_every=plan.first_iterations,
        )  # fmt: skip
        run = os.path.join(folder, "run")
        run_in_child(train, (store_path, settings, run), run)
        write_model(model_of_run(run), os.path.join(folder, "model"))
    photographs = [
        os.path.join(paths["pool"], kind) for kind in ("images", "healthy")
    ]  # without masks/
    with executor_for(1) as (executor, at_once):
        with Pool(os.path.join(folder, "pool.sqlite"), create=True) as pool:
            index(photographs, pool, IndexSettings(), executor, at_once)


def _label(seed: int, folder: str, order: str, plan: Plan) -> List[Dict[str, Any]]:
    """Label, learn and rank in turn; return what is known after each learning."""
    own = os.path.join(folder, order)
    os.makedirs(own, exist_ok=True)
    path = os.path.join(own, "pool.sqlite")
    if not os.path.isfile(path):
        shutil.copy(os.path.join(folder, "pool.sqlite"), path + ".new")
        os.rename(path + ".new", path)
    model, rows = os.path.join(folder, "model"), []
    with Pool(path) as pool:
        for labelled in range(plan.every, plan.photographs + 1, plan.every):
            out = os.path.join(own, f"model-{labelled}")
            known = out + ".json"
            if not os.path.isfile(known):
                _answer(pool, seed, folder, order, labelled, model, plan)
                if not os.path.isdir(out):
                    _learn(pool, model, out, seed, folder, plan)
                counts = pool.answers.counts()
                row = {
                    "photographs": labelled, "exudates": counts["mask"],
                    "minutes": pool.minutes_used, **_measured(out, folder),
                }  # fmt: skip
                write_json(known, row)
            with open(known, encoding="utf-8") as file:
                rows.append(json.load(file))
            model = out
    return rows


def _answer(
    pool: Pool, seed: int, folder: str, order: str, upto: int, model: str, plan: Plan
) -> None:
    """Answer photographs until `upto` are answered."""
    work = Work(pool, LabelSettings())
    if order == RANKED:
        newest, sha256 = pool.rankings.newest(), read_model(model).sha256
        id_of_model = pool.rankings.model(sha256, os.path.abspath(model))
        if newest is None or pool.rankings.model_of(newest) != id_of_model:
            settings = RankSettings(stride=plan.stride, first=plan.every)
            with executor_for(1) as (executor, at_once):
                rank(pool, model, settings, executor, at_once)
    numbers = [row.id for row in pool.photographs.usable()]
    at_random = random_state(seed, Stream.PERSON, 1).permutation(numbers).tolist()
    while len(numbers) - pool.photographs.n_unanswered() < upto:
        photograph = work.next_for(WHO) if order == RANKED else None
        if photograph is None:
            photograph = next(number for number in at_random if not pool.answers.latest(number))
        path = pool.photographs.get(photograph).path
        mask_path = os.path.join(folder, "pool", "masks", os.path.basename(path))
        mask = read_mask(mask_path, 0) if os.path.isfile(mask_path) else None
        answer(work, photograph, WHO, mask)


def _learn(pool: Pool, model: str, out: str, seed: int, folder: str, plan: Plan) -> None:
    settings = LearnSettings(iterations=plan.iterations, seed=seed)
    with tempfile.TemporaryDirectory(prefix="learn-", dir=folder) as work:
        sources = [os.path.join(folder, "first")]
        run_in_child(learn, (pool.path, model, out, work, settings, sources, "cpu"), work)


def _measured(model_path: str, folder: str) -> Dict[str, float]:
    """Return F-measure and AUC of a model on the photographs that nobody labels."""
    store = PatchStore(os.path.join(folder, "store.h5"))
    samples, model = store.samples("test"), read_model(model_path)
    scorer = NetScorer(model.score_prototxt, model.weights, model.normalisation)
    posterior = posterior_of(store, samples, scorer.posterior)
    found = classification_metrics(posterior, store.labels[samples[:, 0]])
    return {name: float(found[name]) for name in ("f_measure", "auc")}
