"""The EHR's listener on this machine: each message once, in the order in which they came."""

from __future__ import annotations

from pathlib import Path

from libs.local.ehr.kept import Inbox


def message(control_id: str) -> bytes:
    return f"MSH|^~\\&|MAINSTAY||SAMPLEHR|FAC|||BAR^P05^BAR_P05|{control_id}|P|2.5.1\r".encode()


def test_a_message_that_comes_again_is_acknowledged_and_kept_once_also_by_the_next_process(
    tmp_path: Path,
) -> None:
    inbox = Inbox(tmp_path)
    answers = [inbox.take(message(one)) for one in ("b", "a", "b")]
    again = Inbox(tmp_path)
    answers += [again.take(message(one)) for one in ("a", "c")]
    assert all(answer is not None and b"\rMSA|AA|" in answer for answer in answers)
    assert (inbox.taken, inbox.kept, again.taken, again.kept) == (3, 2, 2, 1)
    kept = [path.read_bytes() for path in sorted(tmp_path.glob("*.hl7"))]
    assert kept == [message(one) for one in ("b", "a", "c")]
