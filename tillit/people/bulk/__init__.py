"""Acts on many people at once: previewed, run in slices by a job, undone for thirty days."""
