"""What the browser's tests work on, made where Caffe is:   runtime/caffe python3 -m ... FOLDER

photographs/, eight small phantoms; ranked.sqlite, a pool of them; run/, a model.
"""

import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from data_prep import phantom
from data_prep.prepare import PrepareSettings, prepare
from egl.training.full_training import train
from egl.training.settings import FullTrainingSettings, TrainerSettings
from labelling.index_settings import IndexSettings
from labelling.indexing import index
from labelling.pool import Pool
from labelling.rank_settings import RankSettings
from labelling.ranking import rank


def main(folder):
    os.chdir(folder)
    phantom.write_dataset(
        "phantoms", n_lesion=6, n_healthy=4, seed=5, size=(480, 720), progress=False
    )
    os.mkdir("photographs")
    for path in sorted(Path("phantoms").rglob("*.jpg"))[:8]:
        shutil.copy(str(path), "photographs")
    settings = PrepareSettings(n_train=160, n_validation=16, n_test=16)
    store, _ = prepare("phantoms", "s.h5", settings, progress=False)
    train(store, FullTrainingSettings(TrainerSettings(), iterations=30, stop_early=False), "run")
    with Pool("ranked.sqlite", create=True) as pool, ThreadPoolExecutor(1) as executor:
        index(["photographs"], pool, IndexSettings(), executor)
        rank(pool, "run", RankSettings(stride=48), executor)


if __name__ == "__main__":
    main(sys.argv[1])
