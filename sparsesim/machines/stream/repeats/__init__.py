"""Tiles that repeat: all of a pass have equal items, so its state soon is one of before."""
