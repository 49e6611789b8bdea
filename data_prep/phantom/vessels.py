"""The vessel tree: grown from the optic disc along arcades that curve around the fovea, then painted."""

import math
from typing import NamedTuple

import cv2
import numpy as np

from data_prep.phantom.patient import NOMINAL

_STEP = 5.0  # units between the points of a vessel
_CELL = 9.0  # two vessels of one kind do not come closer than this, units
_MOST = 260  # arteries or veins: no further branching beyond, so that the time for one photograph has a bound
_SHARP = 2  # vessels are painted enlarged and then reduced: widths in half pixels, smooth edges


class Vessel(NamedTuple):
    """points: N x 2 in units; widths: N, units; artery: or else a vein."""

    points: np.ndarray
    widths: np.ndarray
    artery: bool


def grow(random, view, tortuosity):
    """The vessels of an eye: a list of `Vessel`, arteries and veins, trunks and branches."""
    vessels = []
    for artery in (False, True):
        taken = {}
        grown = []
        for points, width in _trunks(random, view, tortuosity, artery):
            widths = width * np.linspace(1, 0.4, len(points))
            grown.append((points, widths))
        _claim_all(taken, grown)
        # Trunks first, then their branches, then theirs: the wide ones have the choice of room.
        parent = 0
        while parent < len(grown) < _MOST:
            for start, heading, width in _forks(random, view, *grown[parent]):
                branch = _walk(
                    random, view, start, heading, width, tortuosity, taken, parent, len(grown)
                )
                if branch is not None:
                    grown.append(branch)
            parent += 1
        vessels += [Vessel(points, widths, artery) for points, widths in grown]
    return vessels


def _claim_all(taken, vessels):
    for owner, (points, _) in enumerate(vessels):
        for px, py in points:
            taken.setdefault((int(px // _CELL), int(py // _CELL)), owner)


def _trunks(random, view, tortuosity, artery):
    """Centre lines and widths of the main vessels: two temporal arcades, two nasal, a few small ones of the disc."""
    (fx, fy), (dx, dy), radius = view.fovea, view.disc, view.disc_radius
    calibre = random.uniform(5.5, 7.8) if artery else random.uniform(8.5, 11.5)
    middle = np.array([dx + radius * random.uniform(-0.1, 0.2), dy + random.uniform(-8, 8)])
    trunks = []
    for up in (-1, 1):
        hilum = middle + random.normal(0, 4, 2) + (0, up * random.uniform(0, 12))
        reach = random.uniform(225, 350) + (0 if artery else 15)
        turn = np.linspace(0.02, 2.9, 150)
        top = random.uniform(0.0, 0.6) * (
            dx - fx
        )  # where the arcade is farthest from the fovea's level
        across = (
            np.where(turn < np.pi / 2, dx - fx - top, 1.2 * (dx - fx) + top) * np.cos(turn) + top
        )
        rise = np.sin(np.minimum(turn, np.pi / 2)) ** random.uniform(0.85, 1.1)
        rise = rise - random.uniform(-0.25, 0.45) * np.maximum(turn - np.pi / 2, 0) ** 1.5
        line = np.stack(
            [fx + across, fy + (dy - fy) * (1 - turn / np.pi) + up * reach * rise], axis=1
        )
        line += (hilum - line[0]) * np.exp(-np.arange(150) / 12.0)[:, None]
        trunks.append((_wind(random, line, tortuosity, 9), calibre * random.uniform(0.9, 1.1)))
        start = math.radians(random.uniform(40, 70))
        bend = math.radians(random.uniform(-25, 20))
        length = np.linspace(0, random.uniform(300, 450), 80)
        heading = start - bend * length / 400 + random.uniform(0.2, 1.2) * np.exp(-length / 45)
        line = np.stack([np.cumsum(np.cos(heading)), up * np.cumsum(np.sin(heading))], axis=1) * (
            length[1] - length[0]
        )
        trunks.append(
            (_wind(random, line + hilum, tortuosity, 7), calibre * random.uniform(0.55, 0.8))
        )
    for _ in range(random.randint(2, 4)):  # short ones, to the macula or to the nose
        heading = random.uniform(-0.5, 0.5) + (math.pi if random.uniform() < 0.6 else 0.0)
        length = np.linspace(0.3 * radius, random.uniform(150, 260), 40)
        line = np.stack([np.cos(heading) * length, np.sin(heading) * length], axis=1) + middle
        trunks.append((_wind(random, line, tortuosity, 22), calibre * random.uniform(0.22, 0.36)))
    return trunks


def _wind(random, line, tortuosity, amplitude):
    """Let a line (N x 2) wind: sideways waves of several lengths, none at its start."""
    ahead = np.gradient(line, axis=0)
    pace = np.hypot(ahead[:, 0], ahead[:, 1])
    way = np.cumsum(pace)
    sideways = np.zeros(len(line))
    for wave in (320, 170, 90, 50):
        sideways += (
            np.sin(2 * np.pi * (way / (wave * random.uniform(0.8, 1.25)) + random.uniform()))
            * wave
            / 320.0
        )
    sideways *= tortuosity * amplitude * np.clip((way - 20) / 120, 0, 1)
    normal = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.maximum(pace, 1e-6)[:, None]
    return line + normal * sideways[:, None]


def _forks(random, view, points, widths):
    """Where a vessel branches: start (x, y), heading (radians) and width of each branch."""
    forks = []
    side = 1 if random.uniform() < 0.5 else -1
    at = random.uniform(25, 60)
    way = 0.0
    for i in range(1, len(points)):
        (px, py), (qx, qy) = points[i - 1], points[i]
        way += math.hypot(qx - px, qy - py)
        if way < at:
            continue
        at += random.uniform(0.5, 1.5) * (28 + 3.5 * widths[i])
        side = -side if random.uniform() < 0.7 else side
        share = random.uniform(0.3, 0.65) if random.uniform() < 0.85 else random.uniform(0.75, 0.95)
        width = widths[i] * share
        if width < 0.9 or math.hypot(qx - view.disc[0], qy - view.disc[1]) < view.disc_radius * 1.1:
            continue
        forks.append(
            (
                (qx, qy),
                math.atan2(qy - py, qx - px) + side * (random.uniform(0.9, 1.4) - 0.8 * share),
                width,
            )
        )
    return forks


def _walk(random, view, start, heading, width, tortuosity, taken, parent, own):
    """Grow one branch until its length is spent, it leaves the field, or it meets another vessel; None if too short."""
    (x, y), (fx, fy), (dx, dy) = start, view.fovea, view.disc
    steps = int((75 + 50 * width) * random.uniform(0.6, 1.3) / _STEP)
    sway, turns = 0.0, random.normal(0, 1, (steps, 2)).tolist()
    path = [(x, y)]
    claimed = []
    for turn, push in turns:
        # Inside the arcades vessels lead to the fovea, elsewhere away from the disc.
        if abs(y - fy) < 240 and abs(x - fx) < 280:
            goal = math.atan2(fy - y, fx - x)
        else:
            goal = math.atan2(y - dy, x - dx)
        heading += 0.045 * tortuosity * turn + 0.022 * math.sin(goal - heading)
        sway = 0.87 * sway + 0.13 * tortuosity * push  # it winds about its heading
        x, y = x + _STEP * math.cos(heading + sway), y + _STEP * math.sin(heading + sway)
        cell = (int(x // _CELL), int(y // _CELL))
        owner = taken.get(cell, own)
        if owner != own and (owner != parent or len(path) > 4):
            break
        if math.hypot(x, y) > NOMINAL / 2 + 10 or math.hypot(x - fx, y - fy) < 38:
            break
        claimed.append(cell)
        path.append((x, y))
    if len(path) < 5:
        return None
    for cell in claimed:
        taken.setdefault(cell, own)
    # It thins out, and ends in a point.
    left = np.linspace(1, 0, len(path))
    return np.array(path), width * (0.4 + 0.6 * left) * np.minimum(1, 0.2 + 4 * left)


def render(view, vessels, artery):
    """Blood of the arteries or of the veins, and the light reflex along them: two float32 H x W, 0-1."""
    height, width = view.size
    blood = np.zeros((height * _SHARP, width * _SHARP), np.uint8)
    reflex = np.zeros((height * _SHARP, width * _SHARP), np.uint8)
    chosen = [vessel for vessel in vessels if vessel.artery == artery]
    for vessel in sorted(chosen, key=lambda v: v.widths[0]):  # the wide ones cover the narrow ones
        _stroke(
            view, blood, vessel.points, vessel.widths, lambda w: 0.25 + 0.75 * min(1.0, w / 7.0)
        )
        if vessel.widths[0] > 3.5:
            _stroke(
                view,
                reflex,
                vessel.points,
                vessel.widths * 0.3,
                lambda w: min(1.0, max(0.0, w - 0.6)),
            )
    size = (width, height)
    return tuple(
        cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        for canvas in (blood, reflex)
    )


def _stroke(view, canvas, points, widths, strength):
    """Draw a line of changing width: pieces of one width each, from the thin end to the thick one."""
    scale = view.unit * _SHARP
    thickness = np.maximum(1, np.round(widths * scale)).astype(int)
    corners = np.round((view.pixels(points) + 0.5) * _SHARP * 16 - 8).astype(np.int32)
    cuts = [0] + (np.flatnonzero(np.diff(thickness)) + 1).tolist() + [len(points) - 1]
    for start, end in reversed(list(zip(cuts[:-1], cuts[1:]))):
        if end > start:
            value = int(255 * strength(float(widths[start])))
            cv2.polylines(
                canvas,
                [corners[start : end + 1]],
                False,
                value,
                int(thickness[start]),
                cv2.LINE_8,
                4,
            )
