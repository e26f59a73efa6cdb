"""Tuning to one network: how deep queues must be, and in which order its filters stand best."""
