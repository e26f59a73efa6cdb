"""Rows that take their items, and units that take their results."""
