"""Algorithms 1 and 2: the pool, what is chosen from it, its labels, and the run."""
