"""Asks a service of the running platform over HTTP, as the operator of the platform file."""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from uuid import UUID

import typer

from libs.cli.platform import Platform

SECONDS = 60


def ask(
    platform: Platform,
    service: str,
    method: str,
    path: str,
    *,
    practice_id: UUID,
    **query: str | int | None,
) -> Any:
    """The answer's JSON; what the service refuses ends the command with its title.

    OSError where the service does not answer.
    """
    if service not in platform.urls or platform.operator_key is None:
        raise typer.BadParameter(
            f"the platform file has no urls.{service} or no operator_key; add them"
        )
    told = {name: value for name, value in query.items() if value is not None}
    request = Request(  # noqa: S310 - the platform file's own address
        f"{platform.urls[service]}{path}" + (f"?{urlencode(told)}" if told else ""),
        method=method,
        headers={
            "Authorization": f"Bearer {platform.operator_key}",
            "X-Practice-Id": str(practice_id),
        },
    )
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return json.load(answer)
    except HTTPError as error:
        try:
            title = str(json.load(error).get("title"))
        except ValueError:
            title = error.reason
        typer.echo(f"{service} refuses: {title}", err=True)
        raise typer.Exit(1) from None
