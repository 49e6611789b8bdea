"""Where a run keeps its weights: the newest snapshot to resume from, and weights kept for good."""

import json
import os
import shutil
from typing import Any, Callable, Dict, List, Optional

from data_prep.arguments import whole_number
from data_prep.files import cannot_be_written, check_room, sha256_of, sync, write_json
from egl.errors import EglError

_WRITING = ".writing"
_STATE = "state.json"


def writing_folder(folder: str) -> str:
    """Return where Caffe writes a snapshot before it has its name."""
    return os.path.join(folder, "snapshots", _WRITING)


def snapshot_folder(folder: str, iteration: int) -> str:
    """Return the folder of the snapshot of an iteration."""
    return os.path.join(folder, "snapshots", f"iter_{iteration:06d}")


def snapshots(folder: str) -> List[str]:
    """Return the snapshot folders of a run folder, the newest last."""
    parent = os.path.join(folder, "snapshots")
    if not os.path.isdir(parent):
        return []
    return [
        os.path.join(parent, name)
        for name in sorted(os.listdir(parent))
        if name.startswith("iter_")
    ]


def save_snapshot(
    folder: str,
    iteration: int,
    write: Callable[[], None],
    extra: Any,
    n_bytes: int,
    keep_earlier: bool = False,
) -> None:
    """Save a snapshot whole or not at all, and remove those before it.

    write(): lets Caffe write its files into writing_folder(folder); extra: dict for JSON; n_bytes:
    more than Caffe will write. Raises DataError where the disk is full or cannot be written.
    """
    writing, final = writing_folder(folder), snapshot_folder(folder, iteration)
    try:
        shutil.rmtree(writing, ignore_errors=True)
        os.makedirs(writing)
        check_room(writing, n_bytes)  # Caffe would abort
        write()
        names = sorted(os.listdir(writing))
        for name in names:
            sync(os.path.join(writing, name))
        sums = {name: sha256_of(os.path.join(writing, name)) for name in names}
        state = {"iteration": iteration, "sha256": sums, "extra": extra}
        if sums == _sums(final):  # saved again, after a rerun: no moment without a whole snapshot
            write_json(os.path.join(final, _STATE), state)
        else:
            write_json(os.path.join(writing, _STATE), state)
            shutil.rmtree(final, ignore_errors=True)
            os.rename(writing, final)
            sync(os.path.dirname(final))
    except OSError as error:
        raise cannot_be_written(final, error) from error
    finally:
        shutil.rmtree(writing, ignore_errors=True)
    if not keep_earlier:
        forget_others(folder, final)


def forget_others(folder: str, kept: str) -> None:
    """Remove all snapshots of a run folder but the folder `kept`, and what a kill left of one."""
    for path in [*snapshots(folder), writing_folder(folder)]:
        if path != kept:
            shutil.rmtree(path, ignore_errors=True)


def _sums(path: str) -> Optional[Dict[str, str]]:
    """Return the checksums in a snapshot's state; None where there is none."""
    try:
        with open(os.path.join(path, _STATE), encoding="utf-8") as file:
            sums: Dict[str, str] = json.load(file)["sha256"]
        return sums
    except (OSError, ValueError, KeyError, TypeError):
        return None


def find_snapshot(folder: str, iteration: Optional[int] = None) -> Optional[str]:
    """Return the folder of the newest snapshot, or of an iteration's; None where there is none."""
    found = snapshots(folder)
    if iteration is not None:
        found = [path for path in found if path == snapshot_folder(folder, iteration)]
    return found[-1] if found else None


def read_state(path: str) -> Dict[str, Any]:
    """Return the state of a snapshot folder: a dict with iteration and extra.

    Raises EglError where a file of it is missing or not what was written.
    """
    try:
        with open(os.path.join(path, _STATE), encoding="utf-8") as file:
            state = json.load(file)
        for name, digest in state["sha256"].items():
            if os.path.basename(name) != name:
                raise ValueError(f"{name} is not in the folder")
            if sha256_of(os.path.join(path, name)) != digest:
                raise ValueError(f"{name} is not what was written")
        return {"iteration": int(state["iteration"]), "extra": dict(state["extra"])}
    except (OSError, ArithmeticError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EglError(
            f"{path}: damaged snapshot ({error}); remove the run's folder and start again"
        ) from error


def kept_weights(folder: str, iteration: int) -> str:
    """Return where the weights of an iteration are kept for good."""
    return os.path.join(folder, "weights", f"iter_{iteration:06d}.caffemodel")


def model_stem(path: str, iteration: int) -> str:
    """Return what the names of Caffe's two files in a snapshot folder begin with."""
    return os.path.join(path, f"model_iter_{iteration}")


def weights_at(folder: str, iteration: int) -> str:
    """Return the path of the weights that a run kept after an iteration, or of its last ones.

    Raises EglError where there are none.
    """
    iteration = whole_number(iteration, "the iteration")
    last = model_stem(snapshot_folder(folder, iteration), iteration) + ".caffemodel"
    for path in (kept_weights(folder, iteration), last):
        if os.path.isfile(path):
            return path
    raise EglError(
        f"{folder}: kept no weights of iteration {iteration}; "
        "remove the run's folder and start again"
    )
