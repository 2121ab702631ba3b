"""Suppression: addresses and domains that nothing is sent to, known again by a keyed hash.

A suppressed person carries a flag, which every rule that sends reads: the decision costs nothing more than before.
`keys` says what an address is known by, `known` which addresses are suppressed, `actions` changes that, and `files`
brings lists in and out.
"""
