"""A completed export: its files exist, hold what its records count, and every acknowledged sample once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np
import orjson
import pyarrow as pa
from botocore.exceptions import ClientError

from tests.simulation.aws.cloud import Cloud
from tests.simulation.oracle import export_rows
from tests.simulation.oracle.export_rows import ExportRows
from tests.simulation.oracle.fetch import exact, listed
from tests.simulation.oracle.fetches import Expected, Fetches
from tests.simulation.oracle.findings import Findings
from tests.simulation.oracle.problems import DOUBLED, LOST, WRONG
from tests.simulation.oracle.state import Catalogs
from tests.simulation.process import CLOCKS_DIFFER_MS
from tests.simulation.stack import BUCKET
from vitals.model.timespan import Span, iso, parse_iso
from vitals.store import keys

# Comparing every sample of every point takes longer than everything else.
_POINTS = 6


@dataclass(frozen=True, slots=True)
class ExportOracle:
    """Reads the files of completed exports under their links."""

    cloud: Cloud
    catalogs: Catalogs
    fetches: Fetches
    findings: Findings
    _completed: dict[str, tuple[int, Mapping[str, str]]] = field(default_factory=dict)
    """When each completed export expires (UTC ms), and the ETags of its files by name."""

    def check(self, export: Mapping[str, Any]) -> None:
        """Compares the answer about a completed export with its files, its parts and what was fetched."""
        subject, ids = f"export {export['id']}", self.catalogs.ids(export["site_name"])
        etags = {file["name"]: self._etag(export["id"], file["name"]) for file in export["files"]}
        self._completed[export["id"]] = parse_iso(export["expires_at"]), etags
        rows: dict[str, ExportRows] = {}
        for file in export["files"]:
            try:
                body = self.cloud.s3.open_link(file["url"])
                rows[file["name"]] = export_rows.read(body, export["format"], ids)
            except (ClientError, pa.ArrowException, ValueError) as error:
                self.findings.add(LOST, f"{subject}: {file['name']} cannot be read: {error}")
                continue
            if len(body) != file["bytes"]:
                self.findings.add(WRONG, f"{subject}: {file['name']} has {len(body)} bytes")
        if len(rows) == len(export["files"]):
            self._compare_parts(subject, export, rows)
            self._compare_rows(subject, export, export_rows.concat(list(rows.values())).sorted())

    def check_files(self, now_ms: int) -> None:
        """Expects the files of exports that were completed and have not expired, as they were then."""
        for export, (expires_ms, etags) in list(self._completed.items()):
            if expires_ms <= now_ms:
                del self._completed[export]
                continue
            for name, etag in etags.items():
                current = self._etag(export, name)
                if current != etag:
                    text = "has changed" if current else "is gone"
                    self.findings.add(LOST, f"export {export}: {name} {text} after it was completed")

    def _etag(self, export: str, name: str) -> str:
        """Returns the ETag of a file, "" when it does not exist."""
        versions = self.cloud.s3.history(BUCKET, keys.export_file(export, name))
        return versions[-1].etag if versions else ""

    def _compare_parts(self, subject: str, export: Mapping[str, Any], rows: Mapping[str, ExportRows]) -> None:
        """Compares the records of the parts with the files and with the answer."""
        named: list[str] = []
        for number, planned in enumerate(self._plan(export["id"])):
            item = self.cloud.dynamodb.get("StateTable", keys.export_part(export["id"], number))
            if item is None:
                self.findings.add(LOST, f"{subject}: part {number} has no record")
                continue
            files = [name for name, _ in orjson.loads(item["files"]["S"])]
            named += files
            of_part = export_rows.concat([rows[name] for name in files if name in rows])
            if len(of_part) != int(item["rows"]["N"]):
                self.findings.add(
                    WRONG, f"{subject}: part {number} counts {item['rows']['N']} rows of {len(of_part)}"
                )
            if ((of_part.times < planned["start_ms"]) | (of_part.times >= planned["end_ms"])).any():
                self.findings.add(WRONG, f"{subject}: part {number} has rows outside of its span")
        if sorted(named) != sorted(rows):
            self.findings.add(WRONG, f"{subject}: the answer has other files than the parts")
        count = sum(map(len, rows.values()))
        if count != export["rows"]:
            self.findings.add(WRONG, f"{subject}: the answer counts {export['rows']} rows of {count}")

    def _plan(self, export: str) -> Sequence[Mapping[str, int]]:
        item = self.cloud.dynamodb.get("StateTable", keys.export_plan(export))
        parts: Sequence[Mapping[str, int]] = orjson.loads(item["plan"]["S"])["parts"] if item else ()
        return parts

    def _compare_rows(self, subject: str, export: Mapping[str, Any], rows: ExportRows) -> None:
        if rows.doubled:
            self.findings.add(DOUBLED, f"{subject}: {rows.doubled} samples are there twice", rows.doubled)
        body, requested_ms = export["request"], export["requested_ms"]
        span = Span(body["start_time"], min(body["end_time"], parse_iso(export["end_time"])))
        if span.end_ms < body["end_time"] - CLOCKS_DIFFER_MS:
            self.findings.add(WRONG, f"{subject}: it ends at {iso(span.end_ms)}")
        names = body["point_names"] or self.catalogs.names(export["site_name"])
        ids = [self.catalogs.ids(export["site_name"])[name] for name in names]
        if not np.isin(rows.ids, ids).all():
            self.findings.add(WRONG, f"{subject}: it has points that were not asked for")
        for name in self._chosen(export["id"], names):
            point = self.catalogs.ids(export["site_name"])[name]
            begin, end = np.searchsorted(rows.ids, [point, point + 1])
            samples = dict(zip(rows.times[begin:end].tolist(), rows.values[begin:end].tolist(), strict=True))
            expected = self.fetches.expected(export["site_name"], name, span, requested_ms)
            self._compare_point(subject, export, name, samples, expected)

    def _chosen(self, export: str, names: Sequence[str]) -> Sequence[str]:
        """Returns some of the points, others for each export; the weather is in no readings."""
        delivered = sorted(name for name in names if not name.startswith("weather."))
        first = crc32(export.encode()) % max(1, len(delivered))
        return (delivered[first:] + delivered[:first])[:_POINTS]

    def _compare_point(
        self,
        subject: str,
        export: Mapping[str, Any],
        name: str,
        samples: Mapping[int, float],
        expected: Expected,
    ) -> None:
        missing = expected.required - samples.keys()
        if missing:
            text = f"{subject}, {name!r}: it lacks {len(missing)} samples, first {iso(min(missing))}"
            self.findings.add(LOST, text, len(missing))
        site, requested_ms = export["site_name"], export["requested_ms"]
        for time_ms, number in samples.items():
            value, possible = exact(number), expected.possible.get(time_ms, ())
            # What was fetched after the request may have replaced what a part had read before.
            if value not in possible and not self.fetches.had_since(site, name, time_ms, value, requested_ms):
                text = f"{subject}, {name!r} at {iso(time_ms)}: {value} instead of {listed(possible)}"
                self.findings.add(WRONG, text)
