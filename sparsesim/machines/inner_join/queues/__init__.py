"""How deep this machine's queues must be for a network: a study that no other machine has."""
