"""Candidates for how plain SGD trains: how each did, and the training of the best ones."""

from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from data_prep.settings import from_dict
from data_prep.store import PatchStore
from egl.training.metrics import classification_metrics
from egl.training.run_files import read_metrics, read_predictions, read_settings
from egl.training.run_folder import RunFolder
from egl.training.settings import FullTrainingSettings, TrainerSettings
from experiments.analyses.analysis import beside
from experiments.work import train_or_diverge


class Standing(NamedTuple):
    """How a run of plain SGD did.

    diverged: what the run says, or None; rule: whether the stopping rule has said stop
    epoch: after which it did, or the last one; f: on the validation patches after that epoch, nan
    without one
    """

    diverged: Optional[str]
    rule: bool
    epoch: int
    f: float


def standing(run: str, store: PatchStore) -> Standing:
    """Return how the finished run in the folder `run` did."""
    metrics = read_metrics(run)
    epochs = metrics.get("epochs", 0)
    if not epochs:
        return Standing(metrics["diverged"], False, 0, float("nan"))
    epoch = metrics["stopping_rule_epoch"] or epochs
    p = read_predictions(run)["validation"][epoch - 1].astype(float)
    labels = store.labels[store.samples("validation")[:, 0]]
    f = classification_metrics(np.stack([1 - p, p], axis=1), labels)["f_measure"]
    return Standing(metrics["diverged"], bool(metrics["stopping_rule_epoch"]), epoch, f)


def trainer_of(run: str) -> TrainerSettings:
    """Return the settings of SGD that a run of plain SGD was given."""
    return from_dict(TrainerSettings, read_settings(run)["trainer"], run)


def ranked(standings: Dict[str, Standing]) -> List[str]:
    """Return the names of the runs that did not diverge, by F; of equal ones, the first named."""
    whole = [name for name, of_run in standings.items() if not of_run.diverged]
    return sorted(whole, key=lambda name: -standings[name].f)


@dataclass(frozen=True)
class Finalist:
    """The training of one of the best candidates.

    screened: the runs of all candidates, whose folders lie beside this one's; rank: which of them,
    1 for the best; training: what is trained, but for what makes the candidate
    """

    screened: Tuple[str, ...]
    rank: int
    training: FullTrainingSettings


def train_finalist(
    store: str, settings: Finalist, out: str, progress: Callable[[int, int], None]
) -> Dict[str, Any]:
    """Train as the candidate of this rank was; return metrics.json.

    Where fewer candidates are left, the run is finished at once, without an epoch.
    """
    patches = PatchStore(store)
    standings = {name: standing(beside(out, name), patches) for name in settings.screened}
    left = ranked(standings)
    if settings.rank > len(left):
        run = RunFolder(out, {"screened": settings.screened, "rank": settings.rank})
        return run.finish({"diverged": "no candidate is left", "seconds": 0.0})
    candidate = trainer_of(beside(out, left[settings.rank - 1]))
    seed, device = settings.training.trainer.seed, settings.training.trainer.device
    trainer = replace(candidate, seed=seed, device=device)
    return train_or_diverge(store, replace(settings.training, trainer=trainer), out, progress)


def best(means: Sequence[float], tie: float) -> int:
    """Return the index of the first that lies within `tie` of the highest."""
    return next(index for index, mean in enumerate(means) if mean >= max(means) - tie)
