"""How many bytes of a body are read, and how they are decoded."""

# 500,000 readings with names of 46 characters, as ACE's are, take 57 MB; 100,000 with the longest ones 60 MB.
MAX_BYTES = 96 * 2**20
# What the bodies of pages should have at most, when the names are as long as those in the catalog.
EXPECTED_BYTES = 64 * 2**20
# What a reading takes without its name.
READING_BYTES = 80
# Decoded readings take eight times their bytes: a large body is decoded and accepted piece by piece.
PIECE_BYTES = 2 * 2**20
# Python's decoder needs a body as a whole, and ten times the time. A page of 100,000 readings fits.
MAX_MALFORMED_BYTES = 16 * 2**20
