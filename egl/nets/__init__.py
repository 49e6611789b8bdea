"""Where Caffe begins: its import and device, definitions read and checked, nets, weights."""
