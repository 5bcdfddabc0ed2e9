"""MLLP frames: VT, the message, FS CR (HL7 Minimal Lower Layer Protocol, release 1)."""

from __future__ import annotations

from collections.abc import Iterator

START, END = b"\x0b", b"\x1c\r"


class BrokenFrameError(Exception):
    """The stream is no longer made of frames; where the next one begins is anybody's guess."""


class Frames:
    """Cuts a stream of bytes into messages of at most `most` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._buffer = bytearray()
        self._searched = 0

    @property
    def is_open(self) -> bool:
        """Whether a message has begun that has not ended."""
        return bool(self._buffer)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The messages that are whole now; raises BrokenFrameError after those before it."""
        self._buffer += chunk
        while self._buffer:
            self._skip_line_ends()
            if self._buffer and not self._buffer.startswith(START):
                raise BrokenFrameError("bytes outside a frame: send VT before each message")
            end = self._buffer.find(END, self._searched)
            if end < 0:
                self._searched = max(0, len(self._buffer) - 1)
                if len(self._buffer) > self._most:
                    raise BrokenFrameError(f"a message of more than {self._most} bytes")
                return
            message = bytes(self._buffer[1:end])
            del self._buffer[: end + len(END)]
            self._searched = 0
            if START in message:
                raise BrokenFrameError("a message began before the one before it ended")
            if len(message) > self._most:
                raise BrokenFrameError(f"a message of more than {self._most} bytes")
            yield message

    def _skip_line_ends(self) -> None:
        """Some senders put a line end between frames."""
        if self._buffer[0] in b"\r\n":
            blank = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
            del self._buffer[:blank]
            self._searched = 0


def frame(message: bytes) -> bytes:
    return START + message + END
