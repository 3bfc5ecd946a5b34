"""Floor 2: the append-only record of everything that happens, and the one source of time."""
