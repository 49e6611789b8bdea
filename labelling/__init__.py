"""Photographs without labels: index them, rank them, show what to label, take answers, learn.

It stands on data_prep and egl; experiments/commands/ has its commands. docs/labelling.md explains
its use, labelling/schema.py what a pool holds.
"""

RESEARCH_USE = "Research use; not a medical device."
