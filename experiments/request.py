"""What is asked of `egl reproduce`, and the file in its folder that says so."""

import json
import os
import re
from dataclasses import dataclass, replace
from typing import Optional, Tuple

from data_prep.errors import DataError
from data_prep.settings import SettingsError, from_dict, not_known, setting
from egl.errors import EglError
from egl.strategies.registry import find_strategy
from experiments.paper import experiment
from experiments.processes import BadInput
from experiments.protocols import PROTOCOLS, Protocol
from experiments.setups import SETUPS

REQUEST = "request.json"
GIVE_OUT = "give the --out of egl reproduce"


@dataclass(frozen=True)
class Request:
    """What decides the numbers; kept as OUT/request.json, to draw the report again.

    source: the data set's folder, None: phantoms; protocol: a name in PROTOCOLS; only: the
    experiments, by name or as package.module, and setups: names in experiments.setups; of both,
    none: the protocol's own; strategies: further ones; seeds: None as in the protocol; device:
    "cpu" or "gpu:N"
    """

    source: Optional[str] = setting(None, "the data set's folder; none: phantoms", kind=str)
    protocol: str = "quick"
    only: Tuple[str, ...] = ()
    setups: Tuple[str, ...] = ()
    strategies: Tuple[str, ...] = ()
    seeds: Optional[int] = setting(None, "seeds where seeds are compared", kind=int)
    scale: float = 1.0
    mask_threshold: int = 0
    device: str = "cpu"

    def full_protocol(self) -> Protocol:
        """Return the Protocol with the changes that were asked for, under the first set-up."""
        base = PROTOCOLS[self.protocol]
        prepare_settings = replace(
            base.prepare, scale=self.scale, mask_threshold=self.mask_threshold
        )
        prepare_settings.check()
        return replace(
            base.with_trainer(device=self.device),
            experiments=self.only or base.experiments,
            setups=self.setups or base.setups,
            prepare=prepare_settings,
            strategies=tuple(self.strategies),
            seeds=self.seeds or base.seeds,
            fig2_seeds=self.seeds or base.fig2_seeds,
            readings_seeds=min(self.seeds or base.readings_seeds, base.readings_seeds),
            baseline_seeds=min(self.seeds or base.baseline_seeds, base.baseline_seeds),
            grid_seeds=min(self.seeds or base.grid_seeds, base.grid_seeds),
        )


def read_request(out: str) -> Request:
    """Return the Request in a folder of egl reproduce.

    Raises BadInput, which names the file, where there is none, or one with odd values.
    """
    path = os.path.join(out, REQUEST)
    if not os.path.exists(path):
        raise BadInput(f"{out}: is no folder of egl reproduce: it has no {REQUEST}; {GIVE_OUT}")
    try:
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"{path}: cannot be read ({reason}); {GIVE_OUT}") from error
    if not isinstance(values, dict):
        raise BadInput(f"{path}: holds no object; {GIVE_OUT}")
    try:
        request = from_dict(Request, values, path)
        _check(request)
        request.full_protocol()
    except (EglError, DataError, TypeError, ValueError) as error:
        words = str(error)
        raise BadInput(words if words.startswith(path) else f"{path}: {words}") from error
    return request


def _check(request: Request) -> None:
    """Raise SettingsError or EglError for a value that egl reproduce would not have written."""
    for what, words, known in (
        ("protocol", (request.protocol,), PROTOCOLS),
        ("set-up", request.setups, SETUPS),
    ):
        for word in words:
            if word not in known:
                raise SettingsError(not_known(what, word, known))
    for name in request.only:
        experiment(str(name))
    for name in request.strategies:
        find_strategy(str(name))
    if request.seeds is not None and request.seeds < 1:
        raise SettingsError(f"seeds {request.seeds}: give a number of at least 1")
    if not re.fullmatch("cpu|gpu:[0-9]+", request.device):
        raise SettingsError(f"device {request.device!r}: give cpu or gpu:N")
