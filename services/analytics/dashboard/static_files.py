"""The dashboard's own style sheet and scripts: no request leaves for another host.

An address holds the file's hash, so browsers may keep it for ever and still get a new one at once.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

routes = APIRouter(include_in_schema=False)

_files = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.suffix in MEDIA_TYPES}
_hashes = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in _files.items()}


def static_href(name: str) -> str:
    """The address of a static file; KeyError where there is none."""
    return f"/static/{_hashes[name]}/{name}"


@routes.get("/static/{version}/{name}")
async def show_file(version: str, name: str) -> Response:
    if _hashes.get(name) != version:
        raise HTTPException(404, "there is no such file")
    return Response(
        _files[name],
        media_type=MEDIA_TYPES[Path(name).suffix],
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        },
    )
