"""Where Telegram delivers updates to us, and how it proves to be Telegram."""

import hashlib
import hmac
from dataclasses import dataclass

from core.settings import Settings

PATH = "/telegram/webhook"


@dataclass(frozen=True, slots=True)
class Webhook:
    url: str
    secret: str


def webhook_of(settings: Settings) -> Webhook | None:
    """The webhook to register; None without a public https address: then updates are polled."""
    if not settings.public_url.startswith("https://"):
        return None
    return Webhook(settings.public_url + PATH, webhook_secret(settings.secret_key))


def webhook_secret(secret_key: str) -> str:
    """What Telegram repeats in X-Telegram-Bot-Api-Secret-Token. All our processes derive the same one."""
    return hmac.new(secret_key.encode(), b"telegram webhook", hashlib.sha256).hexdigest()


def is_secret(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode(), secret.encode())
