"""Where Caffe begins: runtime and device, prototxt read and checked, nets built, weights loaded."""
