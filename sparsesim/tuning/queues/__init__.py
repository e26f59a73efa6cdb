"""How deep a machine's queues must be for a network; each machine that has queues says what they
are."""
