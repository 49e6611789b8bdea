"""Synthetic fundus photographs with exudate masks, for people without a data licence and for tests.

Nothing in them is measured on anyone: they stand in for a data set, they are no evidence about real eyes.
"""

from data_prep.phantom.patient import Patient, draw_patient
from data_prep.phantom.photograph import draw
from data_prep.phantom.write import write_dataset

__all__ = ["Patient", "draw", "draw_patient", "write_dataset"]
