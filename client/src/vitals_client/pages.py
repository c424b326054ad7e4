"""Requests the pages of results and of lists, one after the other."""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitals_client import arguments, tables
from vitals_client.arguments import Time
from vitals_client.errors import FailedError, UnansweredError, VitalsWarning
from vitals_client.http import Http
from vitals_client.merging import lasting_warnings

if TYPE_CHECKING:
    import pyarrow as pa

# A thousand million samples, or ten million points.
MAX_PAGES = 10_000
_QUERY = "/timeseries/query"
_PACKAGE = str(Path(__file__).parent) + os.sep


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of the API at the address `api`."""

    http: Http
    api: str

    def of_query(
        self, body: dict[str, Any], read: Callable[[bytes], "pa.Table"], *, warned: bool
    ) -> Iterator["pa.Table"]:
        """Yields the pages of a query, each read by `read`; UnansweredError for one that is damaged.

        If `warned`, each warning is issued once.
        """
        issued: set[str] = set()
        for _ in range(MAX_PAGES):
            page = self.valid(read, self.http.arrow(_QUERY, body))
            envelope = tables.envelope(page)
            if warned:
                texts = [text for text in lasting_warnings(envelope) if text not in issued]
                issued.update(texts)
                warn(texts)
            yield page
            token = envelope["metadata"]["next_token"]
            if token is None:
                return
            body = body | {"next_token": token}
        raise FailedError(f"the result has more than {MAX_PAGES:,} pages; narrow the range")

    def valid[Stream, Result](self, read: Callable[[Stream], Result], content: Stream) -> Result:
        """Returns what `read` makes of a content; UnansweredError when it is damaged."""
        try:
            return read(content)
        except ValueError as error:
            raise UnansweredError(f"{self.api} returned an invalid Arrow stream: {error}") from None

    def of_list(self, path: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yields the pages of a list."""
        for _ in range(MAX_PAGES):
            page = self.http.json("GET", path, params=params)
            yield page
            if page["next_token"] is None:
                return
            params = params | {"next_token": page["next_token"]}
        raise FailedError(f"the list has more than {MAX_PAGES:,} pages")


def body(
    site: str, points: Iterable[str], start: Time, end: Time, *, tags: Iterable[str] = (), **parameters: Any
) -> dict[str, Any]:
    """Returns the body of a query, without the parameters that are None."""
    chosen = arguments.texts("tags", tags)
    return {
        "site_name": site,
        "point_names": arguments.names(points),
        "start_time": arguments.time(start),
        "end_time": arguments.time(end),
        **({"tag": chosen} if chosen else {}),
        **{name: value for name, value in parameters.items() if value is not None},
    }


def warn(texts: Iterable[str]) -> None:
    """Issues Python warnings that name the caller's line."""
    for text in texts:
        warnings.warn(text, VitalsWarning, stacklevel=2, skip_file_prefixes=(_PACKAGE,))
