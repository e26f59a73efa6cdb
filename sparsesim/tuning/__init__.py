"""Tuning to one network: in which order its filters stand best."""
