"""Jobs around the policy."""
