"""`vitals query` and how it shows results."""
