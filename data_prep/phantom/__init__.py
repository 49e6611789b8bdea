"""Synthetic fundus photographs with exudate masks, for tests and for people without a data licence.

Nothing in them was measured on anyone: they replace a data set to try the software, and are no
evidence about real eyes.
"""

from data_prep.phantom.patient import Patient, draw_patient
from data_prep.phantom.photograph import draw
from data_prep.phantom.write import write_dataset

__all__ = ["Patient", "draw", "draw_patient", "write_dataset"]
