"""The one error of the backends: a sentence about what is wrong and one about what to do."""

from __future__ import annotations


class BackendError(Exception):
    """Kafka or PostgreSQL cannot be had; the message is written for the person at the keyboard."""
