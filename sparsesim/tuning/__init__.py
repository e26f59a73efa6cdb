"""Tuning what is built to one network: how deep its queues must be."""
