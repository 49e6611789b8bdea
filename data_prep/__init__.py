"""From a folder of fundus photographs to one patch store (HDF5). Never imports Caffe."""

__version__ = "0.2.0"
