"""The files of a service's pages, served by itself: no request leaves for another host.

An address holds the file's hash, so browsers may keep it for ever and still get a new one at once.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class StaticFiles:
    """Those of a folder that are of these types, read once."""

    def __init__(self, folder: Path) -> None:
        self._files = {
            path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in MEDIA_TYPES
        }
        self._hashes = {
            name: hashlib.sha256(content).hexdigest()[:12] for name, content in self._files.items()
        }
        self.routes = APIRouter(include_in_schema=False)
        self.routes.get("/static/{version}/{name}")(self.show)

    def href(self, name: str) -> str:
        """The address of a file; KeyError where there is none."""
        return f"/static/{self._hashes[name]}/{name}"

    async def show(self, version: str, name: str) -> Response:
        if self._hashes.get(name) != version:
            raise HTTPException(404, "there is no such file")
        return Response(
            self._files[name],
            media_type=MEDIA_TYPES[Path(name).suffix],
            headers={
                "Cache-Control": "public, max-age=31536000, immutable",
                "X-Content-Type-Options": "nosniff",
            },
        )
