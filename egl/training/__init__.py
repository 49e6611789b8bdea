"""SGD with Caffe: the solver, full training, evaluation, the stopping rule, and the run folder that training leaves."""
