"""The error of a query that Athena would fail."""


class QueryError(Exception):
    """The query fails; the text is Athena's StateChangeReason."""
