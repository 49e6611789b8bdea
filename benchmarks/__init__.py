"""Measures how fast the package is beside what a user would do instead.

`make bench` writes docs/benchmarks.md, .json and .png. `__main__` drives the measurements: programs
that run where Caffe is (inputs, in_caffe, dense_memory, ranking, our_scoring, report), whole runs
of `egl select` (selecting), and one program in a Python environment of its own (torch_scoring). The
driver itself needs the standard library only.

same_numbers compares what two commits compute.
"""
