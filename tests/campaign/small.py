"""Small forms of egl's commands, run in processes of their own, and what they leave behind."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

PROJECT = str(Path(__file__).resolve().parents[2])
_START = "import sys; from tests.campaign.small import main; sys.exit(main(sys.argv[1:]))"
REVERSED = "EGL_TEST_REVERSED"  # in the environment: the file system lists names backwards
SECONDS = 600  # that a small command may take on a busy machine
# What is not compared: clocks, paths, logs, and states that name the moment of a snapshot.
_NOT_COMPARED = ("log.txt", "solver.prototxt", "report.html", "request.json", ".lock")
_TEMPORARY = (".writing", ".partial", ".restoring")


@dataclass(frozen=True)
class Command:
    """A command of egl without its --out; out: the name of what it makes."""

    words: Tuple[str, ...]
    out: str = "run"

    def line(self, folder: str) -> List[str]:
        """Return the whole command line, for output in `folder`."""
        out = ["--out", os.path.join(folder, self.out)]
        return [sys.executable, "-c", _START, *self.words, *out]

    def start(
        self,
        folder: str,
        environment: Optional[Dict[str, str]] = None,
        umask: int = 0o022,
        working: Optional[str] = None,
    ) -> "subprocess.Popen[str]":
        """Start it, in a process group of its own; its words go to folder/words.txt."""
        os.makedirs(folder, exist_ok=True)

        def prepare() -> None:
            os.umask(umask)
            heed_ctrl_c()

        with open(os.path.join(folder, "words.txt"), "w", encoding="utf-8") as words:
            return subprocess.Popen(
                self.line(folder),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=subprocess.STDOUT,
                env=dict(os.environ, PYTHONPATH=PROJECT, **(environment or {})),
                start_new_session=True,
                text=True,
                preexec_fn=prepare,
                cwd=working,
            )

    def run(self, folder: str, **changes: Any) -> int:
        """Run it to its end and return its status."""
        return wait(self.start(folder, **changes))


def heed_ctrl_c() -> None:
    """Undo what a shell does to a background job: it ignores Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def material(folder: str) -> Tuple[str, str]:
    """Return twelve photographs and a store of them in `folder`, made if they are not there."""
    from data_prep import phantom
    from data_prep.prepare import PrepareSettings, prepare

    photographs, store = os.path.join(folder, "photographs"), os.path.join(folder, "store.h5")
    if not os.path.exists(store):
        phantom.write_dataset(photographs, 6, 6, 5, (480, 720), progress=False)
        settings = PrepareSettings(seed=3, n_train=80, n_validation=16, n_test=20)
        prepare(photographs, store, settings, progress=False)
    return photographs, store


def commands(photographs: str, store: str) -> Dict[str, Command]:
    """Return the small commands by name; each saves a snapshot before its last one."""
    cpu = ("--device", "cpu")
    select = ("select", store, *cpu, "--batch", "8", "--k", "8", "--initial-iterations", "2")
    select += ("--evaluate-every", "6", "--initial-draw", "half", "--lesion-share", "1")
    select += ("--iterations", "12")
    by_image = (*select, "--initial-images", "2", "--image-patches", "0", "--stride", "144")
    counts = ("--train", "80", "--validation", "16", "--test", "20", "--seed", "3")
    reproduce = ("reproduce", "--data", photographs, "--quick", "--seeds", "1", *cpu)
    return {
        "prepare": Command(("prepare", photographs, *counts), "store.h5"),
        "train": Command(("train", store, *cpu, "--batch", "16", "--epochs", "2", "--all-epochs")),
        "select by patch": Command((*select, "--by", "patch", "--candidates", "24")),
        "select with workers": Command((*by_image, "--candidates", "24", "--workers", "2")),
        "reproduce": Command((*reproduce, "--only", "baseline", "--jobs", "2")),
    }


def more_commands(photographs: str, store: str) -> Dict[str, Command]:
    """Return small commands with those that take longer: a single process, runs that need runs."""
    small = commands(photographs, store)
    alone = small["select with workers"].words[:-2]
    whole = list(small["reproduce"].words)
    whole[whole.index("baseline")] = "baseline,fig3"
    return {**small, "select by image": Command(alone), "reproduce": Command(tuple(whole))}


def main(words: Sequence[str]) -> int:
    """Run egl with a quick protocol that takes seconds."""
    if os.environ.get(REVERSED):
        _list_backwards()
    if words[0] == "reproduce":
        from data_prep.prepare import PrepareSettings
        from experiments import protocols
        from experiments.tasks import with_selection

        quick = protocols.QUICK
        images = replace(quick.images, initial_images=2, lesion_share=1, image_patches=4, stride=48)
        protocols.PROTOCOLS["quick"] = replace(
            quick,
            prepare=PrepareSettings(n_train=80, n_validation=16, n_test=16),
            images=with_selection(images, iterations=4, candidates=24, initial_iterations=2),
            kept=(2, 4),
            fig2_seeds=1,
            epochs=1,
            map_images=2,
            map_stride=48,
        )
    from experiments.command_line import main as egl

    return egl(words)


def _list_backwards() -> None:
    listdir = os.listdir
    os.listdir = lambda path=".": sorted(listdir(path), reverse=True)  # type: ignore
    scandir = os.scandir

    class Backwards:
        def __init__(self, path: Any = ".") -> None:
            with scandir(path) as entries:
                self._entries = iter(sorted(entries, key=lambda entry: entry.name, reverse=True))

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *exception: Any) -> None:
            pass

        def __iter__(self) -> Any:
            return self._entries

        def __next__(self) -> Any:
            return next(self._entries)

        def close(self) -> None:
            pass

    os.scandir = Backwards  # type: ignore


def said(folder: str) -> str:
    """Return what the command wrote to its terminal, but for the line that names the device."""
    lines = (Path(folder) / "words.txt").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("device "))


def results(path: str) -> Dict[str, Any]:
    """Return what two runs of one command must have in common: {file: content}."""
    if os.path.isfile(path):
        return {"": Path(path).read_bytes()}
    found: Dict[str, Any] = {}
    for file in sorted(Path(path).rglob("*")):
        name = str(file.relative_to(path))
        if not file.is_file() or file.name in _NOT_COMPARED or name.startswith("."):
            continue
        if ".cores" in name or ("snapshots" in name and file.suffix in (".json", ".solverstate")):
            continue
        if file.name == "metrics.json":
            metrics = json.loads(file.read_text(encoding="utf-8"))
            found[name] = {key: metrics[key] for key in metrics if not key.startswith("seconds")}
        else:
            found[name] = file.read_bytes()
    return found


def difference(one: Dict[str, Any], other: Dict[str, Any]) -> str:
    """Return which files of two results differ, or "" if none does."""
    names = sorted({name for name in {**one, **other} if one.get(name) != other.get(name)})
    return ", ".join(name or "the store" for name in names)


def leftovers(folder: str) -> List[str]:
    """Return what should not be left below a folder: temporary names, more than one snapshot."""
    names = [str(path.relative_to(folder)) for path in sorted(Path(folder).rglob("*"))]
    left = [name for name in names if any(mark in name for mark in _TEMPORARY)]
    for parent in Path(folder).rglob("snapshots"):
        if len(list(parent.iterdir())) != 1:
            left.append(f"{parent.relative_to(folder)}: {sorted(os.listdir(parent))}")
    return left


class Process(NamedTuple):
    """A process, however often its number is given away again; began: in clock ticks."""

    number: int
    began: str


def _status(number: int) -> Optional[Tuple[int, Process, str]]:
    """Return a process's parent, itself, and its state; None where it is gone."""
    try:
        fields = Path("/proc", str(number), "stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return int(fields[1]), Process(number, fields[19]), fields[0]


def family(number: int) -> List[Process]:
    """Return the descendants of a process that are there now, itself not."""
    found = [_status(int(name)) for name in os.listdir("/proc") if name.isdigit()]
    alive = [status for status in found if status and status[2] != "Z"]
    members: Set[int] = {number}
    descendants: List[Process] = []
    for _ in range(8):  # generations
        for parent, process, _ in alive:
            if parent in members and process.number not in members:
                members.add(process.number)
                descendants.append(process)
    return descendants


def alive(process: Process) -> bool:
    """Return whether a process has not ended."""
    status = _status(process.number)
    return status is not None and status[1] == process and status[2] != "Z"


def gone(processes: Sequence[Process], seconds: float = 60) -> bool:
    """Wait until all these processes have ended; return whether they have."""
    deadline = time.monotonic() + seconds
    while any(map(alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(alive, processes))


def kill(process: Process) -> None:
    """Kill a process unless it has ended."""
    if alive(process):
        os.kill(process.number, signal.SIGKILL)


def wait(process: "subprocess.Popen[str]") -> int:
    """Return the status of a process when it has ended; end it and fail if that takes too long."""
    try:
        return process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        for member in family(process.pid):
            kill(member)
        process.kill()
        process.wait()
        raise
