"""What is fast, measured against what a user would do instead: `make bench` writes docs/benchmarks.{md,json,png}.

__main__ drives programs that run where Caffe is (inputs, in_caffe, dense_memory, our_scoring, report) and one that runs
in a Python environment of its own (torch_scoring). What the driver itself imports needs the standard library only.
"""
