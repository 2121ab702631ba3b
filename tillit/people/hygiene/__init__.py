"""List hygiene: what is wrong with the addresses of a list, and what can be done about it in one go."""
