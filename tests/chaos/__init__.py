"""`make chaos`: the backbone loses, doubles and reorders nothing, whatever is killed or cut off."""
