"""Dates and times as our languages write them."""
