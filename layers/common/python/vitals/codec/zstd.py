"""Decompresses zstd frames with one context per thread: to make one takes longer than most frames here."""

import threading

import zstandard


class _Context(threading.local):
    """Threads must not share a context."""

    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor()


_context = _Context()


def decompress(frame: bytes | memoryview, most_bytes: int) -> bytes:
    """Returns the content of a frame; ZstdError when the frame is not whole.

    A frame that does not state the size of its content may have `most_bytes`.
    """
    return _context.decompressor.decompress(frame, max_output_size=most_bytes)
