"""`mainstay topics`: what the contracts declare against what a Kafka has, and bringing it about."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from libs.events.contracts import acl_class
from libs.service.topics import Difference, apply, declared_topics, differences

app = typer.Typer(no_args_is_help=True)

Kafka = Annotated[
    str, typer.Option(envvar="MAINSTAY_KAFKA", help="bootstrap servers, host:port[,host:port]")
]
Copies = Annotated[int, typer.Option("--replication-factor", min=1, max=5)]
AsJson = Annotated[bool, typer.Option("--json")]


@app.command("list")
def list_topics(as_json: AsJson = False) -> None:
    """List the topics that the contracts declare, with who owns each and what it holds."""
    rows: list[dict[str, Any]] = [
        {
            "topic": topic.name,
            "owner": topic.publisher,
            "acl_class": acl_class(topic),
            "partitions": topic.partitions,
            "retention_days": topic.retention_days,
        }
        for topic in declared_topics()
    ]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    table = Table("topic", "owner", "ACL class", "partitions", "kept")
    for row in rows:
        kept = "for good" if row["retention_days"] is None else f"{row['retention_days']} days"
        table.add_row(
            row["topic"], row["owner"], row["acl_class"], str(row["partitions"]), kept
        )  # fmt: skip
    Console().print(table)


@app.command("plan")
def plan_topics(kafka: Kafka, replication_factor: Copies = 3, as_json: AsJson = False) -> None:
    """Show what apply would change, and what it would leave; changes nothing."""
    found = asyncio.run(
        differences(kafka, declared_topics(), replication_factor=replication_factor)
    )
    if as_json:
        typer.echo(json.dumps({"differences": [_told(d) for d in found]}))
        return
    for difference in found:
        typer.echo(_line(difference))
    typer.echo(f"{len(found)} differences" if found else "every topic is as declared")


@app.command("apply")
def apply_topics(kafka: Kafka, replication_factor: Copies = 3, as_json: AsJson = False) -> None:
    """Make missing topics and put settings right; exit code 1 where something else differs."""
    done, left = asyncio.run(apply(kafka, declared_topics(), replication_factor=replication_factor))
    if as_json:
        told = {"done": [_told(d) for d in done], "left": [_told(d) for d in left]}
        typer.echo(json.dumps(told))
    else:
        for difference in [*done, *left]:
            typer.echo(_line(difference), err=difference.advice is not None)
        typer.echo(f"{len(done)} changed" if done else "nothing to change")
    if left:
        raise typer.Exit(1)


def _told(difference: Difference) -> dict[str, str | None]:
    return {
        "topic": difference.topic,
        "what": difference.what,
        "declared": difference.declared,
        "found": difference.found,
        "advice": difference.advice,
    }


def _line(difference: Difference) -> str:
    if difference.what == "topic":
        return f"{difference.topic}: missing; made with {difference.declared} partitions"
    change = f"{difference.what} is {difference.found}, declared {difference.declared}"
    return f"{difference.topic}: {change}" + (
        f"; left: {difference.advice}" if difference.advice else ""
    )
