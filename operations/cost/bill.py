"""A bill: quantities at their prices, and what remains of it after the free tier."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from vitals.aws import prices

SERVICES = {
    "API": "API Gateway",
    "ATHENA": "Athena",
    "CLOUDWATCH": "CloudWatch",
    "DYNAMODB": "DynamoDB",
    "KMS": "KMS",
    "LAMBDA": "Lambda",
    "S3": "S3",
    "SCHEDULER": "EventBridge Scheduler",
    "SECRETS": "Secrets Manager",
    "SQS": "SQS",
    "STEP_FUNCTIONS": "Step Functions",
    "TRANSFER": "Data transfer",
    "XRAY": "X-Ray",
}
"""The service of each price, by the first words of its name."""
FREE = {
    "CLOUDWATCH_ALARM_METRIC_MONTH": 10,
    "CLOUDWATCH_DASHBOARD_MONTH": 3,
    "CLOUDWATCH_LOG_GB": 5,
    "CLOUDWATCH_METRIC_MONTH": 10,
    "DYNAMODB_STORAGE_GB_MONTH": 25,
    "KMS_REQUEST": 20_000,
    "LAMBDA_ARM_GB_SECOND": 400_000,
    "LAMBDA_GB_SECOND": 400_000,
    "LAMBDA_REQUEST": 1_000_000,
    "SCHEDULER_EVENT": 14_000_000,
    "SQS_REQUEST": 1_000_000,
    "STEP_FUNCTIONS_TRANSITION": 4_000,
    "TRANSFER_GB": 100,
    "XRAY_TRACE": 100_000,
}
"""What AWS does not bill in a month, without an end; an account that has other stacks shares it with them."""


@dataclass(frozen=True, slots=True)
class Line:
    """A quantity at one price (a name of aws/prices.py), and what causes it."""

    price: str
    cause: str
    quantity: float

    @property
    def dollars(self) -> float:
        return self.quantity * float(getattr(prices, self.price))

    @property
    def service(self) -> str:
        return next(name for prefix, name in SERVICES.items() if self.price.startswith(f"{prefix}_"))

    def times(self, factor: float) -> "Line":
        """Returns the line with a multiple of its quantity."""
        return Line(self.price, self.cause, self.quantity * factor)


def total(lines: Iterable[Line]) -> float:
    """Returns the dollars of all lines."""
    return sum(line.dollars for line in lines)


def by_service(lines: Iterable[Line]) -> dict[str, float]:
    """Returns the dollars by service, in the order of names."""
    return _grouped(lines, lambda line: line.service)


def by_cause(lines: Iterable[Line]) -> dict[str, float]:
    """Returns the dollars by service and cause, the largest first."""
    grouped = _grouped(lines, lambda line: f"{line.service}: {line.cause}")
    return dict(sorted(grouped.items(), key=lambda item: -item[1]))


def after_free_tier(lines: Iterable[Line], free: Mapping[str, float] = FREE) -> list[Line]:
    """Returns the lines of a month with the free quantity of each price taken off, line by line."""
    remaining = defaultdict(float, free)
    billed = []
    for line in lines:
        covered = min(line.quantity, remaining[line.price])
        remaining[line.price] -= covered
        billed.append(Line(line.price, line.cause, line.quantity - covered))
    return billed


def _grouped(lines: Iterable[Line], key: Callable[[Line], str]) -> dict[str, float]:
    grouped: defaultdict[str, float] = defaultdict(float)
    for line in lines:
        grouped[key(line)] += line.dollars
    return dict(sorted(grouped.items()))
