"""Scoring spread over processes of one BLAS thread each: two do twice the work of one, where two threads do 1.2 times.

    with Workers(GradientLength, {"prototxt": path}, workers=2) as scoring:
        phi, posterior, norms = scoring.score(solver.net, patches)

The processes are spawned, so a script that uses this keeps its own work under `if __name__ == "__main__":`. The work is
cut in the same places whatever the number of workers, so the results are the same to the last bit.
"""

import multiprocessing
import os
import tempfile
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np

from egl.errors import EglError
from egl.gradient_length.phi import GradientLengths
from egl.nets.device import batch_on, check_device, use_device
from egl.nets.runtime import import_caffe

CHUNK = 4  # batches of patches a worker gets at a time: enough to hide the way there, few enough to share out evenly
WAITING = 2  # tasks a worker in flight, so that patches and images are read as they are needed


class Workers:
    """Processes that score with one net, whose weights come with each call; they live until close() or the end of `with`.

    scorer: GradientLength or maps.ImageScorer, the class
    settings: dict of its arguments by name, except weights
    workers: number of processes, at least 1; as many as there are cores is best
    device: "cpu" or "gpu:N", where each of them computes; EglError where it is not there
    """

    def __init__(self, scorer, settings, workers, device="cpu"):
        if workers < 1:
            raise EglError(f"workers must be at least 1, not {workers}")
        number = check_device(device)
        self._scorer, self._workers = scorer, workers
        self._settings = dict(settings, batch=settings.get("batch") or batch_on(number))
        self._chunk = CHUNK * self._settings["batch"]
        self._processes = ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), use_device, (number,)
        )
        self._folder = tempfile.TemporaryDirectory()
        self._calls = 0

    def score(self, weights, patches):
        """Return the GradientLengths of `patches`, bit for bit those of GradientLength.score.

        weights: caffe.Net or path of a .caffemodel; patches: see GradientLength.score
        Raises EglError if a worker dies (Caffe's last words are on standard error); its NetErrors come through.
        """
        chunks = (
            (patches[start : start + self._chunk],)
            for start in range(0, max(1, len(patches)), self._chunk)
        )
        return GradientLengths(*map(np.concatenate, zip(*self._in_order(weights, "score", chunks))))

    def maps(self, weights, images, stride):
        """Yield the PhiMaps of each image, in their order.

        weights: caffe.Net, saved when the first map is asked for, or path of a .caffemodel
        images: iterable of (image, field of view or None), read as they are needed; stride: see ImageScorer.maps
        Raises EglError as score does.
        """
        return self._in_order(weights, "maps", ((image, stride, field) for image, field in images))

    def close(self):
        """End the processes and remove the temporary weights."""
        self._processes.shutdown()
        self._folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _in_order(self, weights, method, tasks):
        self._calls += 1
        path, saved = weights, None
        if isinstance(weights, import_caffe().Net):
            path = saved = os.path.join(self._folder.name, f"{self._calls}.caffemodel")
            weights.save(saved)
        running = deque()
        try:
            for task in tasks:
                running.append(
                    self._processes.submit(
                        _work, self._scorer, self._settings, path, self._calls, method, task
                    )
                )
                if len(running) == WAITING * self._workers:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        except BrokenProcessPool as error:
            raise EglError(
                "a scoring process died: the reason is on standard error (Caffe's own words; or the script that started it does its "
                'work outside `if __name__ == "__main__":`), unless memory ran out'
            ) from error
        finally:
            for future in running:
                future.cancel()
            if saved:
                os.remove(saved)


_cached = None  # in a worker: (number of the call, scorer)


def _work(scorer, settings, path, call, method, task):
    """In a worker: do one task, with a net that is built once for each call."""
    global _cached
    if _cached is None or _cached[0] != call:
        _cached = call, scorer(weights=path, **settings)
    return getattr(_cached[1], method)(*task)
