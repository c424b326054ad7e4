"""Limits of the ACE API."""

# Readings a page; ACE accepts some sizes only. A normal sync fits one page: 4,583 points × 20 minutes are
# 91,660 readings.
PAGE_SIZE = 100_000
