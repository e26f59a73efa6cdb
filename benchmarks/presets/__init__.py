"""The accelerators that are made for a device: sweeps of arrays, and the choice among them."""
