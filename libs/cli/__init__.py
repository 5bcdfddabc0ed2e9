"""The `mainstay` command: runs services, and tells operators what they need to know."""
