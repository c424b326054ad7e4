"""Exit codes of `vitals`."""

FAILED = 1
REFUSED = 2
CANCELLED = 3
INTERRUPTED = 130
BROKEN_PIPE = 141
"""As for a program that SIGPIPE ends."""
