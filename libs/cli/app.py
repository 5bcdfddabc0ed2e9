"""Run Mainstay's services, and see and mend what their events did.

Tools that see the whole platform read its platform file: MAINSTAY_PLATFORM, or what make run wrote.
"""

from __future__ import annotations

import asyncio
import os
from typing import Annotated, Any

import typer
from aiokafka.errors import KafkaError
from asyncpg import InterfaceError, PostgresError
from pydantic import ValidationError
from typer.core import TyperGroup

from libs.cli import consumers, events, keys, lag, outbox, parked, projections, topics
from libs.cli.service_commands import service_groups
from libs.events.transport.faults import describe, is_transient
from libs.service.process import run as run_service
from libs.service.process import service_names
from libs.service.settings import Settings


class _Mainstay(TyperGroup):
    """The platform's own commands, and those that services add.

    What sees the whole platform ends with a line, no traceback, where a server does not answer; a
    service's own process, and its migration, end with what they can tell of it.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *service_groups()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        added = service_groups().get(cmd_name)
        if added is None:
            return None
        command = typer.main.get_command(added)
        command.name = cmd_name
        return command

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (OSError, KafkaError, InterfaceError, PostgresError) as error:
            if ctx.invoked_subcommand in ("run", "migrate") or not is_transient(error):
                raise
            typer.echo(f"a server does not answer: {describe(error)}", err=True)
            raise typer.Exit(1) from None


app = typer.Typer(
    cls=_Mainstay,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # it prints local variables: payloads and passwords
    help=__doc__,
)
app.add_typer(events.app, name="events", help="Find events and what became of them.")
app.add_typer(parked.app, name="parked", help="Events that could not be handled.")
app.add_typer(keys.app, name="keys", help="The practices' data keys.")
app.add_typer(projections.app, name="projections", help="Read models and their rebuilding.")
app.add_typer(outbox.app, name="outbox", help="What waits to be sent.")
app.add_typer(consumers.app, name="consumers", help="Consumers, and those that stopped.")
app.add_typer(topics.app, name="topics", help="Topics as the contracts declare them.")

app.command("lag")(lag.show_lag)


@app.command()
def run(
    service: Annotated[str, typer.Argument(help="the service's name", envvar="MAINSTAY_SERVICE")],
) -> None:
    """Run one service; its settings come from the environment (MAINSTAY_…)."""
    _known(service)
    try:
        settings = Settings()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        wrong = [f"MAINSTAY_{e['loc'][0]}".upper() + f" ({e['msg']})" for e in error.errors()]
        raise typer.BadParameter(f"set in the environment: {', '.join(wrong)}") from None
    run_service(service, settings)


@app.command()
def migrate(service: Annotated[str, typer.Argument(help="the service's name")]) -> None:
    """Make a service's database and roles where missing, and apply its migrations.

    MAINSTAY_ADMIN_DATABASE_URL is a superuser's address; MAINSTAY_DATABASE_PASSWORD becomes the
    password of the service's login role.
    """
    from libs.service.migrations import MigrationError, provision
    from libs.service.migrations import migrate as apply_migrations

    _known(service)
    admin, password = (
        _set_to(name) for name in ("MAINSTAY_ADMIN_DATABASE_URL", "MAINSTAY_DATABASE_PASSWORD")
    )

    async def both() -> list[str]:
        await provision(admin, service, password)
        return await apply_migrations(admin, service)

    try:
        applied = asyncio.run(both())
    except MigrationError as error:
        typer.echo(f"refused: {error}", err=True)
        raise typer.Exit(1) from None
    for name in applied:
        typer.echo(f"applied {name}")


def _known(service: str) -> None:
    if service not in service_names():
        raise typer.BadParameter(f"there are: {', '.join(service_names())}")


def _set_to(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise typer.BadParameter(f"{name} is not set")
    return value
