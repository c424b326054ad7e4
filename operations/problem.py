"""The error of commands for operators."""


class Problem(Exception):
    """Something that the operator can put right; printed as one line, without a traceback."""
