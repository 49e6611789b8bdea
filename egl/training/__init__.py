"""SGD with Caffe: solver, full training, evaluation, stopping rule, run folder."""
