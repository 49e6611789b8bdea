"""What the photographs of one patient have in common, and how one photograph is framed."""

import math
from typing import NamedTuple, Tuple

import numpy as np

from data_prep.errors import DataError

# Units across the field of view, so that lengths read as pixels of a 1440 x 960 photograph.
NOMINAL = 960.0
SMALLEST_SIDE = 96  # pixels

Point = Tuple[float, float]  # x, y in units, see View


class Patient(NamedTuple):
    """One patient, and the camera that took the photographs.

    colour: median BGR of the retina, each 0-1
    pigment: 0 a blond fundus whose choroid shows through, 1 a brown one
    age: 0 young (the nerve fibre layer glistens), 1 old (drusen)
    disc: radius of the optic disc, units (see `View`)
    cup: radius of the cup as a share of the disc's
    tortuosity: how much the vessels wind, about 1
    right_eye: which eye is drawn; the fellow eye has other vessels
    field: diameter of the field of view as a share of the photograph's shorter side
    notch: whether the camera's mask has a notch at the edge of the field
    """

    colour: Tuple[float, float, float]
    pigment: float
    age: float
    disc: float
    cup: float
    tortuosity: float
    right_eye: bool
    field: float
    notch: bool


def draw_patient(random: np.random.RandomState) -> Patient:
    """Return a random patient."""
    pigment = random.uniform()
    red = np.clip(0.78 - 0.24 * pigment + random.normal(0, 0.07), 0.4, 0.9)
    green = red * np.clip(random.normal(0.47, 0.055), 0.34, 0.6)
    # Cameras differ most in blue: from almost none (an orange photograph) to a pink cast.
    little_blue = random.uniform() < 0.6
    blue = green * (random.uniform(0.06, 0.3) if little_blue else random.uniform(0.35, 0.75))
    return Patient(
        colour=(blue, green, red),
        pigment=pigment,
        age=random.uniform(),
        disc=random.uniform(66, 80),
        cup=random.uniform(0.3, 0.62),
        tortuosity=random.uniform(0.6, 1.5),
        right_eye=bool(random.randint(2)),
        field=random.uniform(0.975, 1.05),
        notch=bool(random.uniform() < 0.4),
    )


class View(NamedTuple):
    """Where things lie in one photograph.

    Lengths and points are in units of 1/960 of the field of view's diameter, from its centre: x
    towards the nose (where the optic disc is), y downwards. So the same numbers draw right and left
    eyes, large and small.

    size: height and width, pixels
    centre: x, y of the field of view's centre, pixels
    unit: pixels per unit
    mirror: 1 for a right eye (nose at the right of the picture), -1 for a left one
    fovea, disc: x, y, units
    disc_radius: units
    """

    size: Tuple[int, int]
    centre: Tuple[float, float]
    unit: float
    mirror: int
    fovea: Point
    disc: Point
    disc_radius: float

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Return the pixel positions x, y of points in units: float (N, 2)."""
        points = np.asarray(points, float)
        return points * (self.unit * self.mirror, self.unit) + self.centre

    def grid(self, step: int) -> Tuple[np.ndarray, np.ndarray]:
        """Return x and y, in units, of every step-th pixel: float32 `shape(step)` each."""
        height, width = self.shape(step)
        columns = np.arange(width, dtype=np.float32) * step + (step - 1) / 2
        rows = np.arange(height, dtype=np.float32) * step + (step - 1) / 2
        x = (columns - self.centre[0]) / (self.unit * self.mirror)
        y = (rows - self.centre[1]) / self.unit
        x_grid, y_grid = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
        return x_grid, y_grid

    def shape(self, step: int) -> Tuple[int, int]:
        """Return height and width, pixels, of a picture reduced `step` times.

        It covers the whole photograph.
        """
        return (self.size[0] + step - 1) // step, (self.size[1] + step - 1) // step

    def shows(self, point: Point, margin: float) -> bool:
        """Return whether a point is inside the field of view and the frame.

        It must be at least `margin` units from their edges.
        """
        height, width = self.size
        x, y = self.pixels(np.array([point]))[0]
        edge = margin * self.unit
        return bool(
            np.hypot(point[0], point[1]) <= NOMINAL / 2 - margin
            and edge <= x <= width - 1 - edge
            and edge <= y <= height - 1 - edge
        )

    def from_disc(self, point: Point) -> float:
        """Return the distance of a point from the centre of the optic disc, units."""
        return math.hypot(point[0] - self.disc[0], point[1] - self.disc[1])


def frame(random: np.random.RandomState, size: Tuple[int, int], patient: Patient) -> View:
    """Return the view of a photograph.

    size: height and width, pixels; DataError if it is too small to show an eye
    """
    height, width = int(size[0]), int(size[1])
    if min(height, width) < SMALLEST_SIDE:
        raise DataError(
            f"a phantom of {height} x {width} pixels is too small: give a size of at least "
            f"{SMALLEST_SIDE} x {SMALLEST_SIDE}"
        )
    unit = patient.field * min(height, width) / NOMINAL
    centre = (width / 2 + unit * random.uniform(-12, 12), height / 2 + unit * random.uniform(-8, 8))
    fovea_to_disc = random.uniform(375, 425)
    # Most photographs are aimed at the macula, some half-way to the optic disc.
    fovea_x = random.normal(-60, 30) - (100 if random.uniform() < 0.25 else 0)
    fovea_y = random.normal(15, 25)
    return View(
        size=(height, width),
        centre=centre,
        unit=unit,
        mirror=1 if patient.right_eye else -1,
        fovea=(fovea_x, fovea_y),
        disc=(fovea_x + fovea_to_disc, fovea_y - random.uniform(15, 70)),
        disc_radius=patient.disc,
    )
