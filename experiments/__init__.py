"""The paper's experiments, their report, and the command line `egl`. Nothing imports it."""
