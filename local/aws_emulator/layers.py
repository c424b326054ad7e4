"""Unpacks a layer once for all workers; ministack unpacks it for each of them.

A worker restarts after every error of its function, and unpacking 230 MB takes two seconds.
"""

import hashlib
import io
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from ministack.services import lambda_svc

type Resolve = Callable[[str], bytes | None]
"""Returns the zip file of the layer with this ARN."""

# The template's two layers, of two releases.
_KEPT = 4
_unpacking = Lock()


def patch() -> None:
    """Patches ministack's Lambda."""
    lambda_svc._resolve_layer_zip = _share(lambda_svc._resolve_layer_zip)


def _share(resolve: Resolve) -> Resolve:
    """Replaces a layer with a small one that adds the unpacked folder to the import path."""

    def resolve_shared(arn: str) -> bytes | None:
        layer = resolve(arn)
        return None if layer is None else _pointer(_unpacked(layer))

    return resolve_shared


def _unpacked(layer: bytes) -> Path:
    """Returns the folder of the unpacked layer, and removes older ones than those of the release before."""
    folder = Path(tempfile.gettempdir()) / "layers" / hashlib.sha256(layer).hexdigest()[:16]
    with _unpacking:
        if not folder.exists():
            incomplete = folder.with_suffix(".part")
            with zipfile.ZipFile(io.BytesIO(layer)) as archive:
                archive.extractall(incomplete)
            incomplete.rename(folder)
        others = set(folder.parent.iterdir()) - {folder}
        for older in sorted(others, key=lambda other: other.stat().st_mtime)[: 1 - _KEPT]:
            shutil.rmtree(older, ignore_errors=True)
    return folder


def _pointer(folder: Path) -> bytes:
    """Returns the zip file of a layer that adds the folder's packages to the import path."""
    pointer = io.BytesIO()
    with zipfile.ZipFile(pointer, "w") as archive:
        line = f"import sys; sys.path.insert(0, {str(folder / 'python')!r})\n"
        archive.writestr("python/lib/python3.13/site-packages/layer.pth", line)
    return pointer.getvalue()
