"""Results as Arrow tables: `series` of points, one after the other, or `wide` tables of one clock."""

from vitals_client.tables.series import answer, joined, read
from vitals_client.tables.streams import KEY, envelope

__all__ = ["KEY", "answer", "envelope", "joined", "read"]
