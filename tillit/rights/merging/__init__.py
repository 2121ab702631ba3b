"""Making two records of one person one, and parting them again (decision 0015)."""
