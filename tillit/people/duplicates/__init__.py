"""Records that may be of one person: found by what they share, and shown to staff, who decide."""
