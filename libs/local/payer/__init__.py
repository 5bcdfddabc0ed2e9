"""A payer on this machine: reads 837P files, answers with 999, 277CA and 835.

It shares no code with billing: two implementations of the same guides check one another.
"""
