"""A mail relay on this machine that keeps what it takes: nothing leaves, everything can be read."""
