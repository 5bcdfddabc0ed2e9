"""The payer's desk: takes what came in, answers when the answer is due, once.

No state of its own: what was taken and what was answered is read from the folders, so a run that
was killed goes on where it stopped.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from libs.local.payer.answers import Answer, Answering
from libs.local.payer.claims import Submission, read_claims
from libs.local.payer.coverage import Coverages, answer_enquiries, read_enquiries
from libs.local.payer.exchange import Mailbox, mailboxes
from libs.local.payer.known import Known
from libs.local.payer.reading import UnreadableFileError
from libs.local.payer.statuses import answer_statuses, read_statuses

# After how many paces each answer is due: 999 at once, 277CA, 835.
_STEPS = ((0, Answering.acknowledge_file), (1, Answering.acknowledge_claims), (3, Answering.remit))
_QUESTIONS = ("270", "276")
"""Files that ask, by the end of their name; they are answered at once."""


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
            for kind in _QUESTIONS:
                for path in box.taken(kind):
                    self._answer_question(box, path)

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
            for kind in _QUESTIONS:
                for path in box.take_new(kind):
                    self._answer_question(box, path)
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
        for answer in _STEPS[step][1](self._answering, submission):
            self._deliver(box, answer)

    def _answer_question(self, box: Mailbox, path: Path) -> None:
        """An answer at once; what cannot be read, or was asked before, has none."""
        if path.suffix == ".again":
            return
        try:
            answer = self._answer_to(box, path)
        except UnreadableFileError as error:
            self._say(f"{box.practice} {path.name} cannot be read: {error}")
            return
        self._deliver(box, answer)

    def _answer_to(self, box: Mailbox, path: Path) -> Answer:
        """The 271 to a 270, or the 277 to a 276."""
        content = path.read_bytes()
        if path.suffix == ".270":
            told = answer_enquiries(read_enquiries(content), self._coverages)
            return Answer(f"{path.stem}.271", told)
        taken: list[Submission] = []
        for earlier in box.taken():
            with suppress(UnreadableFileError):
                taken.append(self._read(box, earlier))
        told = answer_statuses(read_statuses(content), taken, self._answering)
        return Answer(f"{path.stem}-status.277", told)

    def _deliver(self, box: Mailbox, answer: Answer) -> None:
        if box.deliver(answer.name, answer.content):
            self._say(f"{box.practice} {answer.name} delivered")

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
