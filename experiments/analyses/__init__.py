"""What the experiments need of a trained net beyond its curves: work with Caffe, a run folder each."""
