"""Servers that exist already: their addresses come from MAINSTAY_KAFKA and MAINSTAY_POSTGRES."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from libs.local.backends import kafka, postgres
from libs.local.backends.errors import BackendError
from libs.local.backends.loops import on_own_loop


def reached(environ: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Both addresses, after each has answered.

    Raises:
        BackendError: one is not set, or nobody answers there.
    """
    unset = [name for name in ("MAINSTAY_KAFKA", "MAINSTAY_POSTGRES") if not environ.get(name)]
    if unset:
        raise BackendError(
            f"BACKEND=external needs {' and '.join(unset)}: bootstrap servers as host:port, and "
            "postgresql://administrator:password@host:port/postgres."
        )
    brokers, dsn = environ["MAINSTAY_KAFKA"], environ["MAINSTAY_POSTGRES"]
    if not on_own_loop(kafka.cluster_at(brokers)):
        raise BackendError(
            f"no Kafka answers at {brokers} (MAINSTAY_KAFKA). Check the address and that it is up, "
            "or unset it to run one here."
        )
    if not postgres.lets_in(dsn):
        where = urlsplit(dsn)
        raise BackendError(
            f"PostgreSQL at {where.hostname}:{where.port or 5432} (MAINSTAY_POSTGRES) does not let "
            f"{where.username} in, or nobody answers there. Check address, user and password."
        )
    return brokers, dsn
