"""Tiles that repeat: where the array falls into step, the rest of them need not be run."""
