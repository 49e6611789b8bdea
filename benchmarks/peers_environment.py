"""The Python environment with PyTorch and small-text, made once in the user's cache folder."""

import hashlib
import os
import shutil
import subprocess
import sys

REQUIREMENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers-requirements.txt")


class NoEnvironment(Exception):
    """The environment could not be made; the message says why."""


def peers_python() -> str:
    """Return the path of the environment's python3, and make it with this Python if it is missing.

    Raises NoEnvironment where that fails, for instance without a network.
    """
    with open(REQUIREMENTS, "rb") as file:
        key = hashlib.sha256(file.read() + sys.version.encode()).hexdigest()[:12]
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = os.path.join(cache, "egl-caffe", f"bench-peers-{key}")
    python, complete = os.path.join(folder, "bin", "python3"), os.path.join(folder, "whole")
    if os.path.exists(complete):
        return python
    shutil.rmtree(folder, ignore_errors=True)
    print(f"making the environment of PyTorch and small-text in {folder}: once", file=sys.stderr)
    for command in (
        [sys.executable, "-m", "venv", folder],
        [python, "-m", "pip", "install", "-q", "-r", REQUIREMENTS],
    ):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            shutil.rmtree(folder, ignore_errors=True)
            last = (done.stdout.strip().splitlines() or ["no message"])[-1]
            raise NoEnvironment(f"{' '.join(command[1:4])} failed: {last}")
    with open(complete, "w", encoding="utf-8"):
        pass
    return python
