"""The command's table of contents."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer

from libs.cli import consumers, events, parked, projections
from libs.service.process import run as run_service
from libs.service.process import service_names
from libs.service.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
app.add_typer(events.app, name="events", help="Find events and what became of them.")
app.add_typer(parked.app, name="parked", help="Events that could not be handled.")
app.add_typer(projections.app, name="projections", help="Read models and their rebuilding.")
app.add_typer(consumers.app, name="consumers", help="Consumers, and those that stopped.")
topics = typer.Typer(no_args_is_help=True)
app.add_typer(topics, name="topics", help="Topics as the contracts declare them.")


@app.command()
def run(service: Annotated[str, typer.Argument(help="the service's name")]) -> None:
    """Run one service; its settings come from the environment (MAINSTAY_…)."""
    if service not in service_names():
        raise typer.BadParameter(f"there are: {', '.join(service_names())}")
    run_service(service, Settings())  # pyright: ignore[reportCallIssue]


@app.command()
def migrate(service: Annotated[str, typer.Argument(help="the service's name")]) -> None:
    """Make a service's database and roles where missing, and apply its migrations.

    MAINSTAY_ADMIN_DATABASE_URL is a superuser's address; MAINSTAY_DATABASE_PASSWORD becomes the
    password of the service's login role.
    """
    from libs.service.migrations import migrate as apply_migrations
    from libs.service.migrations import provision

    admin = os.environ["MAINSTAY_ADMIN_DATABASE_URL"]

    async def both() -> list[str]:
        await provision(admin, service, os.environ["MAINSTAY_DATABASE_PASSWORD"])
        return await apply_migrations(admin, service)

    for name in asyncio.run(both()):
        typer.echo(f"applied {name}")


@topics.command("apply")
def apply_topics(
    replication_factor: Annotated[int, typer.Option(min=1, max=5)] = 3,
) -> None:
    """Make the topics that are missing (MAINSTAY_KAFKA); never changes one that exists."""
    from libs.service.topics import make_topics

    made = asyncio.run(
        make_topics(os.environ["MAINSTAY_KAFKA"], replication_factor=replication_factor)
    )
    typer.echo(f"made {', '.join(made)}" if made else "every topic is there")
