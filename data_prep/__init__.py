"""From a folder of fundus photographs to one patch store (HDF5). Never imports caffe."""

__version__ = "0.2.0"
