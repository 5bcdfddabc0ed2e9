"""`mainstay messages`: the message store of the running platform, for a person at a terminal."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from libs.cli.asking import ask
from libs.cli.finding import Seen, read_story
from libs.cli.platform import load_platform


def list_messages(
    practice_id: UUID, fate: str | None, control_id: str | None, limit: int, as_json: bool
) -> None:
    found: list[dict[str, Any]] = ask(
        load_platform(), "interop", "GET", "/messages", practice_id=practice_id,
        fate=fate, control_id=control_id, limit=limit,
    )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(found))
        return
    if not found:
        typer.echo("no such message")
        return
    table = Table("message", "received", "type", "control id", "fate", "why")
    for one in found:
        why = "\n".join(f"{r['where']}: {r['code']}" for r in one["refusals"])
        shown = (one["message_id"], one["received_at"][:19], one["type"], one["control_id"],
                 one["fate"], why)  # fmt: skip
        table.add_row(*map(escape, shown))
    Console().print(table)


def show_message(
    practice_id: UUID, message_id: UUID, reason: str | None, days: float, as_json: bool
) -> None:
    """With its onward story: what the other services made of its events, from the topics."""
    platform = load_platform()
    story: dict[str, Any] = ask(
        platform, "interop", "GET", f"/messages/{message_id}", practice_id=practice_id,
        raw="true" if reason else None, reason=reason,
    )  # fmt: skip
    own = [event["event_id"] for event in story["events"]]
    seen = asyncio.run(read_story(platform, UUID(own[0]), days)) if own else []
    onward = [_onward(one) for one in seen if str(one.envelope.id) not in own]
    if as_json:
        typer.echo(json.dumps({**story, "onward": onward}))
        return
    for name in ("message_id", "type", "control_id", "fate", "received_at", "reprocessed_at",
                 "profile_version", "trace_id"):  # fmt: skip
        if story[name] is not None:
            typer.echo(f"{name:16} {story[name]}")
    for refusal in story["refusals"]:
        typer.echo(f"{'refused':16} {refusal['where']}: {refusal['fix']} ({refusal['code']})")
    for row in story["mapping"]:
        how = "" if row["by_profile"] else " (as it stands)"
        typer.echo(f"{'read':16} {row['of']} {row['written']} as {row['mapped']}{how}")
    for fact, place in story["read_from"].items():
        typer.echo(f"{'read':16} {fact.replace('_', ' ')} from {place}")
    for event in story["events"]:
        typer.echo(f"{'became':16} {event['event_type']} {event['event_id']}")
    for event in onward:
        typer.echo(f"{'led to':16} {event['type']} {event['id']}")
    _show_segments(story["segments"])
    if story["raw"] is not None:
        typer.echo(story["raw"].replace("\r\n", "\n").replace("\r", "\n"))


def reprocess(practice_id: UUID, message_id: UUID) -> None:
    done: dict[str, Any] = ask(
        load_platform(), "interop", "POST", f"/messages/{message_id}/reprocess",
        practice_id=practice_id,
    )  # fmt: skip
    typer.echo(done["fate"])
    for refusal in done["refusals"]:
        typer.echo(f"{refusal['where']}: {refusal['fix']} ({refusal['code']})", err=True)
    raise typer.Exit(int(done["fate"] == "refused"))


def _show_segments(segments: list[dict[str, Any]]) -> None:
    if not segments:
        return
    table = Table("segment", "field", "name", "value" if _has_values(segments) else "")
    for segment in segments:
        for place, field in enumerate(segment["fields"]):
            first = f"{segment['segment']} {segment['name']}" if place == 0 else ""
            row = (first, field["place"], field["name"], field["value"] or "")
            table.add_row(*map(escape, row))
    Console().print(table)


def _has_values(segments: list[dict[str, Any]]) -> bool:
    return any(field["value"] is not None for s in segments for field in s["fields"])


def _onward(seen: Seen) -> dict[str, str]:
    return {"id": str(seen.envelope.id), "type": seen.envelope.type,
            "time": seen.envelope.time.isoformat()}  # fmt: skip
