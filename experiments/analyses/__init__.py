"""What the experiments ask of a trained net beyond its curves.

Each analysis needs Caffe, or the masks of photographs, and leaves its numbers in a run folder.
"""
