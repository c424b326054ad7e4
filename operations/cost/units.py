"""What one day of one site uses, as `python -m bench.units` measured it on MEASURED_ON.

The archiving's part for the data quality and its digest (20 ms of CPU per group, two
reads, a write, a HEAD, a GET and a put) was added later.

Each event uses `fixed` units and `per_group` units for each group of 64 points; a message of a re-read, for
each group and hour.
"""

from dataclasses import dataclass

MEASURED_ON = "2026-11-26"


@dataclass(frozen=True, slots=True)
class Amount:
    """A number that is linear in the groups of a site."""

    fixed: float
    per_group: float = 0.0

    def of(self, groups: float) -> float:
        """Returns the number for a site of this many groups."""
        return self.fixed + self.per_group * groups


@dataclass(frozen=True, slots=True)
class Event:
    """What one event of a kind uses, and how often a site has it in a day.

    A re-read may take several messages, each of which uses that.
    """

    name: str
    per_day: float
    function: str
    upstream_requests: float
    """Requests to ACE in the measurement, whose sites fit one page."""
    cpu_s: Amount
    """CPU seconds of one full CPU, x86_64, on the measurement's machine: the larger of two measurements."""
    dynamodb_requests: Amount
    log_bytes: float
    used: dict[str, Amount]
    """Units of DynamoDB and requests to S3 and SQS, by name and cause."""


CUSTOM_METRICS = ("SyncLagSeconds",)
"""Those that are always sent. ArchiveProblems is charged for the hours in which there are problems."""
ITEM_BYTES = {"block": 939, "rollup": 595}
DAY_FILE_BYTES = Amount(-3.421e04, 1.954e05)
EVENTS = (
    Event(
        name="schedule",
        per_day=288,
        function="EtlFunction",
        upstream_requests=0,
        cpu_s=Amount(0.01403, -0.0001105),
        dynamodb_requests=Amount(2.003),
        log_bytes=655,
        used={
            "StateTable read of site records": Amount(2),
            "StateTable write of site records": Amount(0.003472),
            "sqs request": Amount(1),
        },
    ),
    Event(
        name="sync",
        per_day=288,
        function="EtlFunction",
        upstream_requests=2.042,
        cpu_s=Amount(0.02952, 0.008786),
        dynamodb_requests=Amount(13.73, 2.028),
        log_bytes=533,
        used={
            "HotTable read of blocks": Amount(1, 1),
            "HotTable write of blocks": Amount(0.5, 0.9965),
            "StateTable read of catalog": Amount(0, 0.2526),
            "StateTable read of circuit": Amount(1),
            "StateTable read of ledger": Amount(1.087),
            "StateTable read of site records": Amount(3),
            "StateTable write of archive records": Amount(1.993),
            "StateTable write of ledger": Amount(1.993),
            "StateTable write of pace": Amount(2.056, 0.03125),
            "StateTable write of site records": Amount(1.09),
            "sqs request": Amount(0.1007),
        },
    ),
    Event(
        name="recent re-read",
        per_day=20,
        function="EtlFunction",
        upstream_requests=1,
        cpu_s=Amount(0.01253, 0.01678),
        dynamodb_requests=Amount(6.025, 1),
        log_bytes=496,
        used={
            "HotTable read of blocks": Amount(0, 3),
            "StateTable read of catalog": Amount(0, 0.25),
            "StateTable read of circuit": Amount(1),
            "StateTable read of ledger": Amount(1.025),
            "StateTable read of site records": Amount(1),
            "StateTable write of pace": Amount(2),
        },
    ),
    Event(
        name="plan",
        per_day=1,
        function="ArchivalFunction",
        upstream_requests=0,
        cpu_s=Amount(0.04209, 6.844e-05),
        dynamodb_requests=Amount(3),
        log_bytes=359,
        used={
            "StateTable read of archive records": Amount(1),
            "StateTable read of site records": Amount(1),
            "StateTable write of site records": Amount(1),
            "sqs request": Amount(1),
        },
    ),
    Event(
        name="archive",
        per_day=1,
        function="ArchivalFunction",
        upstream_requests=24,
        cpu_s=Amount(1.012, 0.8267),
        dynamodb_requests=Amount(102, 377),
        log_bytes=670,
        used={
            "HotTable read of blocks": Amount(-10, 139.2),
            "HotTable write of expiry marks": Amount(0, 288),
            "HotTable write of rollups": Amount(-9, 64),
            "StateTable read of archive records": Amount(3),
            "StateTable read of catalog": Amount(0, 0.5),
            "StateTable read of ledger": Amount(26),
            "StateTable read of site records": Amount(1),
            "StateTable write of archive records": Amount(7),
            "StateTable write of pace": Amount(72),
            "s3 get": Amount(5),
            "s3 put": Amount(2),
        },
    ),
    Event(
        name="full re-read",
        per_day=4,
        function="EtlFunction",
        upstream_requests=1,
        cpu_s=Amount(-0.001486, 0.02009),
        dynamodb_requests=Amount(6.125, 1),
        log_bytes=496,
        used={
            "HotTable read of blocks": Amount(0, 3),
            "StateTable read of catalog": Amount(0, 0.25),
            "StateTable read of circuit": Amount(1),
            "StateTable read of ledger": Amount(1.042),
            "StateTable read of site records": Amount(1),
            "StateTable write of pace": Amount(2.083),
        },
    ),
)
