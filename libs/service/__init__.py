"""How a process of the platform starts, is secured and is asked about: settings, HTTP, CLI."""
