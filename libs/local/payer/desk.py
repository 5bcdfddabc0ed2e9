"""The payer's desk: takes what came in, answers when the answer is due, once.

No state of its own: what was taken and what was answered is read from the folders, so a run that
was killed goes on where it stopped.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from libs.local.payer.answers import Answer, Answering
from libs.local.payer.claims import Submission, UnreadableFileError, read_claims
from libs.local.payer.coverage import Coverages, answer_enquiries, read_enquiries
from libs.local.payer.exchange import Mailbox, mailboxes
from libs.local.payer.known import Known
from libs.local.payer.statuses import answer_statuses, read_statuses

# After how many paces each answer is due: 999 at once, 277CA, 835.
_STEPS = ((0, Answering.acknowledge_file), (1, Answering.acknowledge_claims), (3, Answering.remit))


class Desk:
    """Watches an exchange folder. Times are seconds since the epoch, given by the caller.

    An answer is due `pace_seconds` × its step after the submission was written (the file's mtime
    survives a restart). `say` gets one line for each file handled.
    """

    def __init__(
        self,
        exchange: Path,
        answering: Answering,
        pace_seconds: float,
        say: Callable[[str], None],
        coverages: Coverages | None = None,
    ) -> None:
        self._exchange = exchange
        self._coverages = coverages or Coverages(answering.policy)
        self._answering = answering
        self._pace = pace_seconds
        self._say = say
        self._due: list[tuple[float, str, int]] = []
        self._known: dict[str, tuple[Known, set[str]]] = {}
        for box in mailboxes(exchange):
            box.drop_parts()
            for path in box.taken():
                self._schedule(path)
            for path in box.taken("270"):
                self._answer_enquiries(box, path)
            for path in box.taken("276"):
                self._answer_statuses(box, path)

    @property
    def idle(self) -> bool:
        """True: every answer to every file taken has been delivered."""
        return not self._due

    def work(self, now: float) -> None:
        """Take what is new and deliver what is due."""
        for box in mailboxes(self._exchange):
            for path in box.take_new():
                if path.suffix == ".again":
                    self._say(f"{box.practice} {path.stem} was sent before; not answered again")
                    continue
                self._say(f"{box.practice} {path.name} taken")
                self._schedule(path)
            for path in box.take_new("270"):
                self._answer_enquiries(box, path)
            for path in box.take_new("276"):
                self._answer_statuses(box, path)
        while self._due and self._due[0][0] <= now:
            _, path, step = heapq.heappop(self._due)
            self._answer(Path(path), step)

    def _schedule(self, path: Path) -> None:
        written_at = path.stat().st_mtime
        for step, (paces, _) in enumerate(_STEPS):
            due_at = written_at + self._pace * paces if paces and self._pace else 0.0
            heapq.heappush(self._due, (due_at, str(path), step))

    def _answer(self, path: Path, step: int) -> None:
        box = Mailbox(path.parent.parent.parent)
        try:
            submission = self._read(box, path)
        except UnreadableFileError as error:
            if step == 0:
                self._say(f"{box.practice} {path.name} cannot be read: {error}")
            return
        for answer in self._answers(submission, step):
            if box.deliver(answer.name, answer.content):
                self._say(f"{box.practice} {answer.name} delivered")

    def _answer_enquiries(self, box: Mailbox, path: Path) -> None:
        """A 271 for each 270, at once; what cannot be read, or was asked before, has none."""
        if path.suffix == ".again":
            return
        try:
            asked = read_enquiries(path.read_bytes())
        except UnreadableFileError as error:
            self._say(f"{box.practice} {path.name} cannot be read: {error}")
            return
        if box.deliver(f"{path.stem}.271", answer_enquiries(asked, self._coverages)):
            self._say(f"{box.practice} {path.stem}.271 delivered")

    def _read(self, box: Mailbox, path: Path) -> Submission:
        """The submission, its claims told what earlier ones they are about."""
        policy = self._answering.policy
        known, read = self._known.setdefault(box.practice, (Known(policy), set()))
        for earlier in box.taken():
            if earlier.name < path.name and earlier.name not in read:
                read.add(earlier.name)
                with suppress(UnreadableFileError):
                    known.link(read_claims(earlier.read_bytes()))
        read.add(path.name)
        return known.link(read_claims(path.read_bytes()))

    def _answer_statuses(self, box: Mailbox, path: Path) -> None:
        """A 277 for each 276, at once; what cannot be read, or was asked before, has none."""
        if path.suffix == ".again":
            return
        try:
            request = read_statuses(path.read_bytes())
        except UnreadableFileError as error:
            self._say(f"{box.practice} {path.name} cannot be read: {error}")
            return
        taken = [one for path in box.taken() if (one := _submission(path)) is not None]
        if box.deliver(f"{path.stem}-status.277", answer_statuses(request, taken, self._answering)):
            self._say(f"{box.practice} {path.stem}-status.277 delivered")

    def _answers(self, submission: Submission, step: int) -> Iterator[Answer]:
        return _STEPS[step][1](self._answering, submission)


def _submission(path: Path) -> Submission | None:
    try:
        return read_claims(path.read_bytes())
    except UnreadableFileError:
        return None
