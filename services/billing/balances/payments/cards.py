"""The port to a card processor. We hold its token for a card, never the card's number.

The card is entered with the processor (its own page or terminal), which gives the token; so no
cardholder data (PCI DSS, glossary: primary account number and what goes with it) comes here.
`HttpCards` speaks the small JSON API that docs of `libs/local/cards` describe.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol, cast, get_args

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.events.contracts.billing_balances import DeclineReason
from services.billing.outside.post import NotAnsweredError, post


class CardSettings(BaseSettings):
    """BILLING_CARDS_URL and BILLING_CARDS_KEY: the processor's API, and our key with it."""

    model_config = SettingsConfigDict(env_prefix="BILLING_CARDS_")

    url: str = "http://127.0.0.1:8429"
    key: SecretStr = SecretStr("")


@dataclass(frozen=True, slots=True)
class Charged:
    """The processor took the money; `charge` is its name for that."""

    charge: str


@dataclass(frozen=True, slots=True)
class Declined:
    """The processor will not take or give the money under this key."""

    reason: DeclineReason


class CardsAwayError(OSError):
    """The processor is not known to have answered: asked again later, under the same key."""


class CardProcessor(Protocol):
    """Takes and gives back money by a card's token. The same key twice is one effect."""

    async def charge(self, key: str, token: str, cents: int) -> Charged | Declined: ...

    async def refund(self, key: str, charge: str, cents: int) -> Charged | Declined: ...


class HttpCards:
    """A processor behind HTTP. Raises CardsAwayError where nothing is known of what happened."""

    def __init__(self, settings: CardSettings | None = None) -> None:
        self._settings = settings or CardSettings()

    async def charge(self, key: str, token: str, cents: int) -> Charged | Declined:
        """Authorise and capture in one."""
        return await self._post("/charges", key, {"token": token, "cents": cents})

    async def refund(self, key: str, charge: str, cents: int) -> Charged | Declined:
        return await self._post("/refunds", key, {"charge": charge, "cents": cents})

    async def _post(self, path: str, key: str, body: dict[str, Any]) -> Charged | Declined:
        headers = [("Content-Type", "application/json"), ("Idempotency-Key", key)]
        if ours := self._settings.key.get_secret_value():
            headers.append(("Authorization", f"Bearer {ours}"))
        url = self._settings.url.rstrip("/") + path
        content = json.dumps(body).encode()
        try:
            answer = await post(url, headers, content)
        except NotAnsweredError as error:
            raise CardsAwayError("no answer") from error
        return _read(answer.status, answer.body)


def _read(status: int, content: bytes) -> Charged | Declined:
    """200 with the charge's name, 402 with a reason; anything else says nothing of the money."""
    if status not in (200, 402):
        raise CardsAwayError(f"status {status}")
    try:
        said: dict[str, Any] = json.loads(content)
    except ValueError:
        raise CardsAwayError("not JSON") from None
    if status == 200 and isinstance(said.get("id"), str):
        return Charged(said["id"][:100])
    reason = said.get("reason")
    if status == 402 and reason in get_args(DeclineReason):
        return Declined(cast(DeclineReason, reason))
    raise CardsAwayError("an answer of another form")
