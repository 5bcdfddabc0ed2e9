"""A card processor on this machine: no money moves, and the same key is one charge."""
