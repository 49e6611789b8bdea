"""What rows are made of: a small data set, a store, nets and runs, to be spoilt."""

import json
import os
import shutil
from pathlib import Path
from typing import Any, Callable, Dict, Union

import cv2
import h5py
import numpy as np

from data_prep.normalisation import Normalisation
from egl.nets.definition import prototxt_path
from egl.training.run_files import ROUNDS
from egl.training.run_folder import RunFolder

MEAN = Normalisation((90.0, 60.0, 120.0))
SMALL = "--side 16 --train 8 --validation 8 --test 8"  # a store of the data set takes that
HEIGHT, WIDTH = 120, 140


class Inputs:
    """Makes the input of one row.

    folder: of the row alone, and the current one; store, template: a store and a data set that rows
    copy; shared: a folder where slow things are made once
    """

    def __init__(self, folder: Path, store: str, shared: Path) -> None:
        self.folder, self._store, self._shared = folder, store, shared

    def filled(self, word: str) -> str:
        """Return a word of a command line with {small} and the like replaced."""
        return word.replace("{store}", self._store)

    def write(self, name: str, content: Union[str, bytes]) -> str:
        """Write a file below the row's folder, return its path."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return str(path)

    def change(self, name: str, change: Callable[[bytes], bytes]) -> None:
        """Replace a file's bytes by what `change` makes of them."""
        path = self.folder / name
        path.write_bytes(change(path.read_bytes()))

    def data(self) -> Path:
        """Return a data set in a plain folder, data/: six eyes with exudates."""
        template = self._shared / "data"
        if not template.exists():
            _draw_data_set(template)
        shutil.copytree(str(template), str(self.folder / "data"))
        return self.folder / "data"

    def store(self, change: Callable[[Any], Any] = lambda file: None) -> str:
        """Return a store, s.h5, after `change` had the open HDF5 file."""
        path = shutil.copy(self._store, str(self.folder / "s.h5"))
        with h5py.File(path, "r+") as file:
            change(file)
        return str(path)

    def net(
        self, *changes: Any, name: str = "net.prototxt", source: str = "lenet_score.prototxt"
    ) -> str:
        """Return a prototxt of this project after changes: (old, new) texts, old to be there."""
        with open(prototxt_path(source), encoding="utf-8") as file:
            text = file.read()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        return self.write(name, text)

    def run(self, name: str = "run", **changes: Any) -> Path:
        """Return the folder of a finished run with made-up numbers; changes: of its settings."""
        settings = {
            "about": {"store": {"dataset": "eyes"}},
            "kind": "select",
            "normalisation": MEAN.as_dict(),
            "by": "patch",
            "strategy": "egl",
            "selection": {"initial_iterations": 1},
            "trainer": {"seed": 1, "rate": 0.01},
            **changes,
        }
        run = RunFolder(str(self.folder / name), settings)
        for iteration in (1, 2, 3):
            row = dict(dict.fromkeys(ROUNDS, 0.5), iteration=iteration)
            run.add_round(row, {"test": np.zeros(2), "validation": np.zeros(2)})
        run.write()
        metrics: Dict[str, Any] = {"diverged": None, "iterations": 3, "test": {}, "validation": {}}
        run.finish(metrics)
        return self.folder / name

    def weights(self) -> str:
        """Return the weights of a LeNet, w.caffemodel: random ones. Needs Caffe."""
        template = self._shared / "w.caffemodel"
        if not template.exists():
            from egl.nets.building import scoring_net

            net = scoring_net(prototxt_path("lenet_score.prototxt"))
            random = np.random.RandomState(1)
            for blobs in net.params.values():
                for blob in blobs:
                    blob.data[...] = random.randn(*blob.data.shape) / 30
            net.save(str(template))
        return str(shutil.copy(str(template), str(self.folder / "w.caffemodel")))

    def unfinished(self) -> Path:
        """Return the folder of a run of `train`, run/, that a command resumes. Needs Caffe."""
        template = self._shared / "run"
        if not template.exists():
            from egl.training.full_training import train
            from egl.training.settings import FullTrainingSettings

            settings = FullTrainingSettings(iterations=2, evaluate_every=1, stop_early=False)
            train(self._store, settings, str(template))
            os.remove(str(template / "metrics.json"))
        shutil.copytree(str(template), str(self.folder / "run"))
        kept = json.loads((self.folder / "run" / "settings.json").read_text())
        kept["iterations"] = 3
        (self.folder / "run" / "settings.json").write_text(json.dumps(kept))
        text = (template / "solver.prototxt").read_text()
        text = text.replace(str(template), "run")
        (self.folder / "run" / "solver.prototxt").write_text(text)
        return self.folder / "run"


def _draw_data_set(folder: Path) -> None:
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    for number in range(6):
        eye, mask = drawn(number)
        cv2.imwrite(str(folder / "images" / f"{number}.png"), eye)
        cv2.imwrite(str(folder / "masks" / f"{number}.png"), mask)


def drawn(number: int) -> Any:
    """Return an eye of its own for each number, uint8 H x W x 3, and its mask."""
    eye = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    cv2.circle(eye, (WIDTH // 2, HEIGHT // 2), 55, (40, 80, 160), -1)
    eye[60, 30 + number] = 90 + number
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[45:60, 50:70] = 255
    return eye, mask
