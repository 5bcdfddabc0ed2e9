"""`make bench`: the speeds of the backbone, each a ratio to something measured in the same run."""
