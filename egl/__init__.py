"""Expected gradient length with Caffe: phi, rankings, pools, Algorithms 1 and 2, training."""
