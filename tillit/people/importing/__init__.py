"""Bringing people in from a file, in the order the modules are used.

`files` keeps the file, `encodings` and `table` read it, `mapping` says what its columns mean, `cells` reads their
values, `rows` decides what becomes of a row, `staging` and `statements` write chunks, `start` and `run` are what the
rest calls, `cleaning` removes what is kept no longer.
"""
