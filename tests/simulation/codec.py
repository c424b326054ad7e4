"""Pure functions, computed once per input: a run reads most windows several times, each time the same."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from unittest.mock import patch

from vitals.codec import blocks
from vitals.model.samples import Samples
from vitals.pipeline import acceptance

_REMEMBERED = 20_000


@contextmanager
def remembered() -> Iterator[None]:
    """Lets the codec of blocks and the parser of times return what they returned for the same input."""
    with (
        patch.object(blocks, "encode", _encoder(blocks.encode)),
        patch.object(blocks, "decode", _decoder(blocks.decode)),
        patch.object(blocks, "_unpack", lru_cache(_REMEMBERED)(blocks._unpack)),
        patch.object(acceptance, "parse_time", lru_cache(_REMEMBERED)(acceptance.parse_time)),
    ):
        yield


def _encoder(encode: Callable[[Samples, int], bytes]) -> Callable[[Samples, int], bytes]:
    payloads: dict[tuple[int, bytes, bytes, bytes], bytes] = {}

    def encoded(samples: Samples, window_ms: int) -> bytes:
        key = (window_ms, samples.ids.tobytes(), samples.times.tobytes(), samples.values.tobytes())
        payload = payloads.get(key)
        if payload is None:
            if len(payloads) >= _REMEMBERED:
                payloads.clear()
            payload = payloads[key] = encode(samples, window_ms)
        return payload

    return encoded


def _decoder(decode: Callable[[bytes, int], Samples]) -> Callable[[bytes, int], Samples]:
    @lru_cache(_REMEMBERED)
    def decoded(payload: bytes, window_ms: int) -> Samples:
        samples = decode(payload, window_ms)
        for column in (samples.ids, samples.times, samples.values):
            # Whoever changed one would change what others get.
            column.flags.writeable = False
        return samples

    return decoded
