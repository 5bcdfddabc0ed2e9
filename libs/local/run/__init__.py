"""`make run`: the whole platform on one machine, fed with the sample input."""
