"""The sites of a stack: their statuses, key groups and keys."""
