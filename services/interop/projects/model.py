"""A roll-out as a project: its steps in their order, and what each needs to be done."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, NoReturn
from uuid import UUID

from services.interop.connections.model import Connection
from services.interop.messages.model import Refusal, RefusedError

Kind = Literal["interface", "portal", "telehealth"]
StepName = Literal[
    "network",
    "credentials",
    "test-messages",
    "mapping-sign-off",
    "configuration",
    "staff-training",
    "go-live",
    "hypercare",
]

STEPS: Mapping[Kind, tuple[StepName, ...]] = {
    "interface": (
        "network", "credentials", "test-messages", "mapping-sign-off", "go-live", "hypercare",
    ),
    "portal": ("configuration", "staff-training", "go-live", "hypercare"),
    "telehealth": ("configuration", "staff-training", "go-live", "hypercare"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `owner` is the team or role that sees to it, `done_by` the operator who ticked it.

    `signed_by` and `profile_version`: of a sign-off, who signed at the practice, and what.
    """

    name: StepName
    owner: str
    due_on: date
    done_at: datetime | None = None
    done_by: str | None = None
    signed_by: str | None = None
    profile_version: str | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """A roll-out; an interface's has the connection that it brings up, and what that carries."""

    practice_id: UUID
    project_id: UUID
    kind: Kind
    name: str
    connection_id: UUID | None
    message_types: tuple[str, ...]
    opened_at: datetime
    opened_by: str
    steps: tuple[Step, ...]

    @property
    def completed_at(self) -> datetime | None:
        """When its last step was done; None while one is open."""
        done = [step.done_at for step in self.steps if step.done_at is not None]
        return max(done) if len(done) == len(self.steps) else None

    def step(self, name: StepName) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)


@dataclass(frozen=True, slots=True)
class Told:
    """What a person says with a step that is done."""

    by: str
    signed_by: str | None = None
    profile_version: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is so of the project's connection, whatever anybody says."""

    connection: Connection
    types_taken: Collection[str]
    """Of its messages that were understood, in testing or live."""


def decide_open(project: Project) -> Project:
    """The project with the steps of its kind in their order; raises RefusedError."""
    wanted = STEPS[project.kind]
    told = {step.name: step for step in project.steps}
    if set(told) != set(wanted) or len(project.steps) != len(wanted):
        _refuse("steps", "steps", f"give each of these steps once: {', '.join(wanted)}")
    is_interface = project.connection_id is not None and bool(project.message_types)
    if project.kind == "interface" and not is_interface:
        _refuse("connection-missing", "connection_id", "name the connection and its message types")
    if project.kind != "interface" and (project.connection_id or project.message_types):
        _refuse("not-an-interface", "connection_id", "only an interface has a connection")
    return replace(project, steps=tuple(told[name] for name in wanted))


def decide_step(
    project: Project, name: StepName, told: Told, known: Known | None, now: datetime
) -> Project:
    """The project with this step done; done already and told the same, as it is.

    Going live asks for every step before it, hypercare for going live; the others may be done in
    any order. Raises RefusedError.
    """
    step = project.step(name)
    if step is None:
        _refuse("no-such-step", "step", f"steps here: {', '.join(STEPS[project.kind])}")
    signs_again = name == "mapping-sign-off" and told.profile_version != step.profile_version
    if step.done_at is not None and not signs_again:
        return project
    _check_order(project, name)
    if known is not None:
        _check_connection(project, name, told, known)
    signed_by, version = (told.signed_by, told.profile_version) if signs_again else (None, None)
    done = replace(step, done_at=now, done_by=told.by, signed_by=signed_by, profile_version=version)
    return replace(project, steps=tuple(done if s.name == name else s for s in project.steps))


def _check_order(project: Project, name: StepName) -> None:
    before = STEPS[project.kind][: STEPS[project.kind].index(name)]
    open_before = [s.name for s in project.steps if s.name in before and s.done_at is None]
    if name in ("go-live", "hypercare") and open_before:
        _refuse("step-too-early", "step", f"first comes: {', '.join(open_before)}")
    went_live = project.step("go-live")
    if name == "mapping-sign-off" and went_live is not None and went_live.done_at is not None:
        _refuse("already-live", "step", "what went live stands as it was signed")


def _check_connection(project: Project, name: StepName, told: Told, known: Known) -> None:
    version = known.connection.profile_version
    if name == "test-messages":
        missing = sorted(set(project.message_types) - set(known.types_taken))
        if missing:
            fix = f"the connection has not taken one yet of: {', '.join(missing)}"
            _refuse("message-type-not-seen", "message_types", fix)
    elif name == "mapping-sign-off":
        if told.signed_by is None or told.profile_version is None:
            _refuse("signature-missing", "signed_by", "send signed_by and profile_version")
        if told.profile_version != version:
            fix = f"have the profile signed as it is now: {version}"
            _refuse("profile-changed", "profile_version", fix)
    elif name == "go-live":
        signed = project.step("mapping-sign-off")
        if signed is None or signed.profile_version != version:
            fix = "the profile changed after it was signed; complete mapping-sign-off again"
            _refuse("profile-changed", "profile_version", fix)
    elif name == "hypercare" and (
        known.connection.state != "live" or known.connection.down_reason is not None
    ):
        _refuse("connection-not-well", "step", "it ends with a live connection that is not down")


def share_of(active: int, patients: int) -> int | None:
    """Whole percent of the practice's patients, rounded half up; None where it has none."""
    return (active * 200 + patients) // (2 * patients) if patients else None


def _refuse(code: str, where: str, fix: str) -> NoReturn:
    raise RefusedError(Refusal(code, where, fix))
