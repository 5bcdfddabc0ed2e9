"""Who may sign in to the services of these tests."""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import UUID

from libs.service.operators import hash_password, write_operators

PRACTICE = UUID("6f6a1a51-3c1b-4b53-8a55-000000000001")
OTHER_PRACTICE = UUID("6f6a1a51-3c1b-4b53-8a55-000000000002")
NO_PRACTICE_AT_ALL = UUID("6f6a1a51-3c1b-4b53-8a55-00000000dead")

PASSWORD = "correct horse battery staple"
ADMIN_KEY, ONE_PRACTICE_KEY, VIEWER_KEY = "key-of-admin", "key-of-one-practice", "key-of-viewer"


def operators_file(folder: Path) -> Path:
    path = folder / "operators.json"
    write_operators(
        path,
        [
            {"name": "admin", "role": "admin", "practices": None, "key_sha256": _sha256(ADMIN_KEY)},
            {
                "name": "one-practice",
                "role": "operator",
                "practices": [PRACTICE],
                "key_sha256": _sha256(ONE_PRACTICE_KEY),
            },
            {
                "name": "viewer",
                "role": "viewer",
                "practices": [PRACTICE],
                "key_sha256": _sha256(VIEWER_KEY),
            },
            {
                "name": "dana",
                "role": "operator",
                "practices": [PRACTICE],
                "password_scrypt": hash_password(PASSWORD),
            },
        ],
    )
    return path


def _sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
