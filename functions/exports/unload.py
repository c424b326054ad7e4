"""Samples of the archive by one UNLOAD of Athena, whose files are taken one by one."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.exceptions import HTTPClientError, IncompleteReadError

from vitals.aws import athena
from vitals.aws.athena import Athena
from vitals.model.timespan import Span
from vitals.reading import athena_sql
from vitals.store import keys

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

_CHUNK_BYTES = 2**20
# botocore repeats requests, but not a body that breaks off.
_BODY_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Unloaded:
    """What a query left: its files' addresses, and how many bytes it scanned."""

    addresses: list[str]
    scanned: int


@dataclass(frozen=True, slots=True)
class ArchiveUnload:
    """The archive's table, asked through Athena."""

    athena: Athena
    s3: "S3Client"
    bucket: str
    table: str

    def run(
        self,
        site: str,
        names: Sequence[str] | None,
        span: Span,
        place: str,
        timeout_s: float,
        go_on: Callable[[], None],
    ) -> Unloaded:
        """Leaves the span's samples of these points, or of all, in a new place; errors are Athena.run's.

        They may include points whose names share a digest with these (athena_sql.samples).
        """
        select, parameters = athena_sql.samples(self.athena.database, self.table, site, span, names)
        address = f"s3://{self.bucket}/{keys.athena_answer(place)}/"
        sql = f"UNLOAD ({select}) TO '{address}' WITH (format = 'PARQUET', compression = 'ZSTD')"
        told = self.athena.run(sql, parameters, timeout_s, go_on)
        manifest = told.get("Statistics", {}).get("DataManifestLocation")
        # Only what the manifest lists counts: a writer that Athena started again leaves a file behind.
        listed = self._body(manifest).read().decode().splitlines() if manifest else []
        return Unloaded(listed, athena.scanned_bytes(told))

    @contextmanager
    def fetched(self, address: str, folder: Path) -> Iterator[Path]:
        """The file at the address, here for as long as it is open."""
        file = folder / "unloaded.parquet"
        self._copy(address, file)
        yield file
        file.unlink()

    def _copy(self, address: str, file: Path) -> None:
        for _ in range(_BODY_ATTEMPTS):
            try:
                with file.open("wb") as sink:
                    for chunk in self._body(address).iter_chunks(_CHUNK_BYTES):
                        sink.write(chunk)
            except (HTTPClientError, IncompleteReadError) as error:
                broken = error
            else:
                return
        raise broken

    def _body(self, address: str) -> "StreamingBody":
        place = urlsplit(address)
        return self.s3.get_object(Bucket=place.netloc, Key=place.path.removeprefix("/"))["Body"]
