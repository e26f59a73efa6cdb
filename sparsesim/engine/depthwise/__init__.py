"""Convolution with one channel a group."""
