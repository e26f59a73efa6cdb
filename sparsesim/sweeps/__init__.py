"""Design-space sweeps: one execution of each network, many accelerators, nothing lost."""
