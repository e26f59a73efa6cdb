"""Which accelerator to build for a network on a device: the best of each machine and scheme."""
