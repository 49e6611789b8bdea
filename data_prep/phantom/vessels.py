"""The vessel tree.

It grows from the optic disc along arcades that curve around the fovea, and is then painted.
"""

import math
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import cv2
import numpy as np

from data_prep.phantom.patient import NOMINAL, Point, View

_STEP = 5.0  # units between the points of a branch
_CELL = 9.0  # units; two vessels of one kind do not come closer than this
_MOST = 260  # arteries or veins; with as many no more branch, so that the time has a bound
_ENLARGED = 2  # vessels are painted enlarged, then reduced: widths in half pixels, smooth edges
_BITS = 4  # OpenCV takes corners in 1/16 pixels

Cell = Tuple[int, int]
Line = Tuple[np.ndarray, np.ndarray]  # points (N, 2) and widths (N,), units


class Vessel(NamedTuple):
    """points: (N, 2), units; widths: (N,), units; artery: False for a vein."""

    points: np.ndarray
    widths: np.ndarray
    artery: bool


def grow(random: np.random.RandomState, view: View, tortuosity: float) -> List[Vessel]:
    """Return the vessels of an eye: arteries and veins, trunks and branches."""
    vessels = []
    for artery in (False, True):
        grown: List[Line] = []
        for points, width in _trunks(random, view, tortuosity, artery):
            grown.append((points, width * np.linspace(1, 0.4, len(points))))
        taken = _claimed(grown)
        # Trunks first, then their branches, then theirs: the wide ones choose first.
        parent = 0
        while parent < len(grown) < _MOST:
            for fork in _forks(random, view, *grown[parent]):
                branch = _branch(random, view, fork, tortuosity, taken, parent, len(grown))
                if branch is not None:
                    grown.append(branch)
            parent += 1
        vessels += [Vessel(points, widths, artery) for points, widths in grown]
    return vessels


def _cell(x: float, y: float) -> Cell:
    return int(x // _CELL), int(y // _CELL)


def _claimed(vessels: Sequence[Line]) -> Dict[Cell, int]:
    """Return which vessel, by index, each cell of the picture belongs to."""
    taken: Dict[Cell, int] = {}
    for owner, (points, _) in enumerate(vessels):
        for x, y in points:
            taken.setdefault(_cell(x, y), owner)
    return taken


def _trunks(
    random: np.random.RandomState, view: View, tortuosity: float, artery: bool
) -> List[Tuple[np.ndarray, float]]:
    """Return centre lines and widths of the main vessels.

    They are two temporal arcades, two nasal ones and a few small vessels of the disc.
    """
    disc_x, disc_y = view.disc
    radius = view.disc_radius
    calibre = random.uniform(5.5, 7.8) if artery else random.uniform(8.5, 11.5)
    middle = np.array([disc_x + radius * random.uniform(-0.1, 0.2), disc_y + random.uniform(-8, 8)])
    trunks = []
    for up in (-1, 1):
        hilum = middle + random.normal(0, 4, 2) + (0, up * random.uniform(0, 12))
        arcade = _wind(random, _temporal(random, view, artery, up, hilum), tortuosity, 9)
        trunks.append((arcade, calibre * random.uniform(0.9, 1.1)))
        nasal = _wind(random, _nasal(random, up) + hilum, tortuosity, 7)
        trunks.append((nasal, calibre * random.uniform(0.55, 0.8)))
    # Short ones, to the macula or to the nose.
    for _ in range(random.randint(2, 4)):
        heading = random.uniform(-0.5, 0.5) + (math.pi if random.uniform() < 0.6 else 0.0)
        length = np.linspace(0.3 * radius, random.uniform(150, 260), 40)
        line = np.stack([np.cos(heading) * length, np.sin(heading) * length], axis=1) + middle
        short = _wind(random, line, tortuosity, 22)
        trunks.append((short, calibre * random.uniform(0.22, 0.36)))
    return trunks


def _temporal(
    random: np.random.RandomState, view: View, artery: bool, up: int, hilum: np.ndarray
) -> np.ndarray:
    """Return the centre line of a temporal arcade, which curves around the fovea: (150, 2)."""
    (fovea_x, fovea_y), (disc_x, disc_y) = view.fovea, view.disc
    reach = random.uniform(225, 350) + (0 if artery else 15)
    turn = np.linspace(0.02, 2.9, 150)
    # Where the arcade is farthest from the fovea's level.
    top = random.uniform(0.0, 0.6) * (disc_x - fovea_x)
    half_width = np.where(turn < np.pi / 2, disc_x - fovea_x - top, 1.2 * (disc_x - fovea_x) + top)
    across = half_width * np.cos(turn) + top
    rise = np.sin(np.minimum(turn, np.pi / 2)) ** random.uniform(0.85, 1.1)
    rise = rise - random.uniform(-0.25, 0.45) * np.maximum(turn - np.pi / 2, 0) ** 1.5
    level = fovea_y + (disc_y - fovea_y) * (1 - turn / np.pi)
    line = np.stack([fovea_x + across, level + up * reach * rise], axis=1)
    line += (hilum - line[0]) * np.exp(-np.arange(150) / 12.0)[:, None]
    return line


def _nasal(random: np.random.RandomState, up: int) -> np.ndarray:
    """Return the centre line of a nasal vessel from its start at (0, 0): (80, 2)."""
    start = math.radians(random.uniform(40, 70))
    bend = math.radians(random.uniform(-25, 20))
    length = np.linspace(0, random.uniform(300, 450), 80)
    heading = start - bend * length / 400 + random.uniform(0.2, 1.2) * np.exp(-length / 45)
    steps = np.stack([np.cumsum(np.cos(heading)), up * np.cumsum(np.sin(heading))], axis=1)
    return steps * (length[1] - length[0])


def _wind(
    random: np.random.RandomState, line: np.ndarray, tortuosity: float, amplitude: float
) -> np.ndarray:
    """Return a line (N, 2) that winds: sideways waves of several lengths, none at its start."""
    ahead = np.gradient(line, axis=0)
    pace = np.hypot(ahead[:, 0], ahead[:, 1])
    travelled = np.cumsum(pace)
    sideways = np.zeros(len(line))
    for wave in (320, 170, 90, 50):
        turns = travelled / (wave * random.uniform(0.8, 1.25)) + random.uniform()
        sideways += np.sin(2 * np.pi * turns) * wave / 320.0
    sideways *= tortuosity * amplitude * np.clip((travelled - 20) / 120, 0, 1)
    normal = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.maximum(pace, 1e-6)[:, None]
    return line + normal * sideways[:, None]


class _Fork(NamedTuple):
    """Where a branch begins. start: units; heading: radians; width: units."""

    start: Point
    heading: float
    width: float


def _forks(
    random: np.random.RandomState, view: View, points: np.ndarray, widths: np.ndarray
) -> List[_Fork]:
    """Return where a vessel branches."""
    forks = []
    side = 1 if random.uniform() < 0.5 else -1
    next_fork = random.uniform(25, 60)
    travelled = 0.0
    for index in range(1, len(points)):
        (before_x, before_y), (x, y) = points[index - 1], points[index]
        travelled += math.hypot(x - before_x, y - before_y)
        if travelled < next_fork:
            continue
        next_fork += random.uniform(0.5, 1.5) * (28 + 3.5 * widths[index])
        side = -side if random.uniform() < 0.7 else side
        share = random.uniform(0.3, 0.65) if random.uniform() < 0.85 else random.uniform(0.75, 0.95)
        width = widths[index] * share
        if width < 0.9 or view.from_disc((x, y)) < view.disc_radius * 1.1:
            continue
        # A narrow branch turns off more sharply.
        angle = random.uniform(0.9, 1.4) - 0.8 * share
        forks.append(_Fork((x, y), math.atan2(y - before_y, x - before_x) + side * angle, width))
    return forks


def _branch(
    random: np.random.RandomState,
    view: View,
    fork: _Fork,
    tortuosity: float,
    taken: Dict[Cell, int],
    parent: int,
    own: int,
) -> Optional[Line]:
    """Return one branch, or None if it is too short; its cells are entered in `taken`.

    It grows until its length is spent, it leaves the field, or it meets another vessel.
    parent, own: indices of vessels
    """
    (x, y), heading, width = fork
    (fovea_x, fovea_y), (disc_x, disc_y) = view.fovea, view.disc
    n_steps = int((75 + 50 * width) * random.uniform(0.6, 1.3) / _STEP)
    sway = 0.0
    path = [(x, y)]
    cells = []
    for turn, push in random.normal(0, 1, (n_steps, 2)).tolist():
        # Inside the arcades vessels lead to the fovea, elsewhere away from the disc.
        if abs(y - fovea_y) < 240 and abs(x - fovea_x) < 280:
            goal = math.atan2(fovea_y - y, fovea_x - x)
        else:
            goal = math.atan2(y - disc_y, x - disc_x)
        heading += 0.045 * tortuosity * turn + 0.022 * math.sin(goal - heading)
        sway = 0.87 * sway + 0.13 * tortuosity * push  # the vessel winds about its heading
        x, y = x + _STEP * math.cos(heading + sway), y + _STEP * math.sin(heading + sway)
        cell = _cell(x, y)
        owner = taken.get(cell, own)
        if owner != own and (owner != parent or len(path) > 4):
            break
        if math.hypot(x, y) > NOMINAL / 2 + 10 or math.hypot(x - fovea_x, y - fovea_y) < 38:
            break
        cells.append(cell)
        path.append((x, y))
    if len(path) < 5:
        return None
    for cell in cells:
        taken.setdefault(cell, own)
    # It thins out, and ends in a point.
    rest = np.linspace(1, 0, len(path))
    return np.array(path), width * (0.4 + 0.6 * rest) * np.minimum(1, 0.2 + 4 * rest)


def render(view: View, vessels: Sequence[Vessel], artery: bool) -> Tuple[np.ndarray, np.ndarray]:
    """Return the blood of the arteries or of the veins, and the light reflex along them.

    Both are float32 H x W, 0-1.
    """
    height, width = view.size
    blood = np.zeros((height * _ENLARGED, width * _ENLARGED), np.uint8)
    reflex = np.zeros_like(blood)
    chosen = [vessel for vessel in vessels if vessel.artery == artery]
    # The wide ones cover the narrow ones.
    for vessel in sorted(chosen, key=lambda vessel: vessel.widths[0]):
        _stroke(view, blood, vessel.points, vessel.widths, _blood)
        if vessel.widths[0] > 3.5:
            _stroke(view, reflex, vessel.points, vessel.widths * 0.3, _reflex)
    return _reduced(blood, view), _reduced(reflex, view)


def _blood(width: float) -> float:
    return 0.25 + 0.75 * min(1.0, width / 7.0)


def _reflex(width: float) -> float:
    return min(1.0, max(0.0, width - 0.6))


def _reduced(canvas: np.ndarray, view: View) -> np.ndarray:
    reduced = cv2.resize(canvas, view.size[::-1], interpolation=cv2.INTER_AREA)
    return reduced.astype(np.float32) / 255


def _stroke(
    view: View,
    canvas: np.ndarray,
    points: np.ndarray,
    widths: np.ndarray,
    strength: Callable[[float], float],
) -> None:
    """Draw a line of changing width in pieces of one width each, from its end to its start.

    strength: 0-1, by width
    """
    scale = view.unit * _ENLARGED
    thickness = np.maximum(1, np.round(widths * scale)).astype(int)
    pixels = (view.pixels(points) + 0.5) * _ENLARGED * 2**_BITS - 2 ** (_BITS - 1)
    corners = np.round(pixels).astype(np.int32)
    cuts = [0] + (np.flatnonzero(np.diff(thickness)) + 1).tolist() + [len(points) - 1]
    for start, end in reversed(list(zip(cuts[:-1], cuts[1:]))):
        if end > start:
            piece = corners[start : end + 1]
            value = int(255 * strength(float(widths[start])))
            cv2.polylines(canvas, [piece], False, value, int(thickness[start]), cv2.LINE_8, _BITS)
