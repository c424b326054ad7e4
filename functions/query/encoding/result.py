"""What an encoder returns."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Encoded:
    """A body and the headers that belong to it."""

    content_type: str
    body: str | bytes
    headers: dict[str, str] = field(default_factory=dict)
