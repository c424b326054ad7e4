"""Rows as an Arrow stream."""

from typing import IO, Any


class ArrowRows:
    """Writes each record batch as one of an Arrow IPC stream; batches may have dictionaries of their own."""

    def __init__(self, sink: IO[bytes], schema: Any) -> None:
        import pyarrow as pa

        self._stream = pa.ipc.new_stream(sink, schema)

    def add(self, batch: Any) -> None:
        """Writes a record batch."""
        self._stream.write_batch(batch)

    def finish(self) -> None:
        """Writes the end of the stream."""
        self._stream.close()
