"""The classical detector that the paper names as its baseline: see docs/detector.md."""
