"""The error of commands for operators."""


class OperatorError(Exception):
    """Something that the operator can put right; printed as one line, without a traceback."""
