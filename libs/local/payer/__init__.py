"""A payer on this machine: answers 837Ps with 999, 277CA and 835, and 270s with 271s.

It shares no code with billing: two implementations of the same guides check one another.
"""
