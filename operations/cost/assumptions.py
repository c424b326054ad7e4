"""What the bill assumes because it cannot be measured here; docs/costs.md lists it."""

DAYS = 30.4
"""Days of a month."""
GIGABYTE = 2**30

# A site.
SAMPLES_PER_MINUTE = 1
"""Of each point; no reading is late, so that each block is written once."""
POINTS_PER_GROUP = 64

# Waits, during which Lambda is billed too.
ACE_REQUEST_S = 2.5
"""What ACE takes for a page; its listing takes 2 to 3 s a page."""
AWS_REQUEST_S = 0.005
AWS_PARALLEL = 16
"""Requests to DynamoDB that a function has under way at once."""
FULL_CPU_MB = 1_769
"""The memory with which Lambda gives a function one CPU."""
COLD_STARTS_PER_DAY = 24
"""Of each function that a queue invokes; Lambda replaces a sandbox every few hours."""
COLD_START_CPU_S = 0.5

# DynamoDB and S3.
ITEM_OVERHEAD_BYTES = 100
"""Added to each item by DynamoDB when it bills storage."""
EXPIRY_DELAY_DAYS = 2
"""How long DynamoDB may take to delete an expired item."""
DAYS_OF_ROLLUPS = 365
"""The bill is that of the end of the first year; rollups and day files grow from then on."""

# Where MaximumConcurrency is set, Lambda polls with five requests of 20 s each, also an idle queue.
POLLERS = 5
POLL_S = 20

# Logs: what Lambda adds to each invocation, and API Gateway's line for each request.
PLATFORM_LOG_BYTES = 700
ACCESS_LOG_BYTES = 450
# A new value of the ACE key is used within five minutes, so that the secret is read every five minutes.
SECRET_READS_PER_DAY = 288
# DynamoDB asks KMS for the key of a table again after five minutes.
KMS_REQUESTS_PER_DAY = 288
# Methods of the API that are used, and the metrics that API Gateway publishes of each in detail.
METHODS, METRICS_PER_METHOD = 4, 5

# A query: one point and 24 h of today from the hot tier, as `make bench` measures it.
QUERY_READ_UNITS = 75
"""68 of blocks, and what catalog, ledger and site take."""
QUERY_S = 0.25
AUTHORIZATIONS = 0.5
"""A grant is cached for a minute."""
AUTHORIZATION_S = 0.02
ANSWER_BYTES = 20_000
QUERY_LOG_BYTES = 1_200
