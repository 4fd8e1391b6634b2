"""The environment, read once into a frozen value. A missing or odd value stops the start with a sentence."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import SettingError


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting of Velkommen; the README's table lists the variables (a test keeps it complete)."""

    port: int = 8000
    host: str = "127.0.0.1"
    data_dir: Path = Path("var")
    database_url: str = ""
    rasa_url: str = ""
    telegram_bot_token: str = ""
    telegram_api_url: str = ""
    public_url: str = ""
    secret_key: str = ""
    mentor_contact: str = ""
    mentor_group: str = ""
    translate_url: str = ""
    translate_key: str = ""
    embed_origins: tuple[str, ...] = ()
    forwarded_by: str = "127.0.0.1"
    metrics_token: str = ""
    burst_seconds: float = 0.8
    messages_per_minute: int = 20
    retention_days: int = 365
    review: bool = False
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    train_nightly: str = ""
    train_activate: bool = False
    evaluation: str = ""
    log_level: str = "info"


VARIABLES = {
    "port": "VELKOMMEN_PORT",
    "host": "VELKOMMEN_HOST",
    "data_dir": "VELKOMMEN_DATA_DIR",
    "database_url": "DATABASE_URL",
    "rasa_url": "VELKOMMEN_RASA_URL",
    "telegram_bot_token": "TELEGRAM_BOT_TOKEN",
    "telegram_api_url": "TELEGRAM_API_URL",
    "public_url": "PUBLIC_URL",
    "secret_key": "VELKOMMEN_SECRET_KEY",
    "mentor_contact": "VELKOMMEN_MENTOR_CONTACT",
    "mentor_group": "VELKOMMEN_MENTOR_GROUP",
    "translate_url": "VELKOMMEN_TRANSLATE_URL",
    "translate_key": "VELKOMMEN_TRANSLATE_KEY",
    "embed_origins": "VELKOMMEN_EMBED_ORIGINS",
    "forwarded_by": "VELKOMMEN_FORWARDED_BY",
    "metrics_token": "VELKOMMEN_METRICS_TOKEN",
    "burst_seconds": "VELKOMMEN_BURST_SECONDS",
    "messages_per_minute": "VELKOMMEN_MESSAGES_PER_MINUTE",
    "retention_days": "VELKOMMEN_RETENTION_DAYS",
    "review": "VELKOMMEN_REVIEW",
    "oidc_issuer": "VELKOMMEN_OIDC_ISSUER",
    "oidc_client_id": "VELKOMMEN_OIDC_CLIENT_ID",
    "oidc_client_secret": "VELKOMMEN_OIDC_CLIENT_SECRET",
    "train_nightly": "VELKOMMEN_TRAIN_NIGHTLY",
    "train_activate": "VELKOMMEN_TRAIN_ACTIVATE",
    "evaluation": "VELKOMMEN_EVALUATION",
    "log_level": "VELKOMMEN_LOG_LEVEL",
}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Settings from the environment; raises SettingError naming the variable, the fault and an example."""
    raw = {name: environment.get(VARIABLES[name], "").strip() for name in (field.name for field in fields(Settings))}
    data_dir = Path(raw["data_dir"] or "var").resolve()
    return Settings(
        port=_whole(raw, "port", 8000, low=1, high=65535),
        host=raw["host"] or "127.0.0.1",
        data_dir=data_dir,
        database_url=_postgres(raw["database_url"]),
        rasa_url=_address(raw, "rasa_url", "http://127.0.0.1:5005"),
        telegram_bot_token=_token(raw["telegram_bot_token"]),
        telegram_api_url=_address(raw, "telegram_api_url", "http://127.0.0.1:8081"),
        public_url=_address(raw, "public_url", "https://velkommen.example.dk"),
        secret_key=_secret(raw["secret_key"], data_dir),
        mentor_contact=raw["mentor_contact"],
        mentor_group=_group(raw["mentor_group"]),
        translate_url=_address(raw, "translate_url", "http://127.0.0.1:5000"),
        translate_key=raw["translate_key"],
        review=_switch(raw, "review"),
        oidc_issuer=_oidc(raw),
        oidc_client_id=raw["oidc_client_id"],
        oidc_client_secret=raw["oidc_client_secret"],
        train_nightly=_time_of_day(raw, "train_nightly"),
        train_activate=_switch(raw, "train_activate"),
        evaluation=raw["evaluation"],
        embed_origins=tuple(_origins(raw["embed_origins"])),
        forwarded_by=raw["forwarded_by"] or "127.0.0.1",
        metrics_token=raw["metrics_token"],
        burst_seconds=_number(raw, "burst_seconds", 0.8),
        messages_per_minute=_whole(raw, "messages_per_minute", 20, low=1, high=10_000),
        retention_days=_whole(raw, "retention_days", 365, low=1, high=3650),
        log_level=_choice(raw, "log_level", "info", ("debug", "info", "warning", "error")),
    )


def _whole(raw: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    value = raw[name]
    if not value:
        return default
    if not value.isdecimal() or not low <= int(value) <= high:
        raise SettingError(f"{VARIABLES[name]} must be a whole number from {low} to {high}, for example {default}.")
    return int(value)


def _number(raw: Mapping[str, str], name: str, default: float) -> float:
    try:
        value = float(raw[name] or default)
    except ValueError:
        value = -1
    if not 0 <= value <= 10:
        raise SettingError(f"{VARIABLES[name]} must be a number of seconds from 0 to 10, for example {default}.")
    return value


def _choice(raw: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    value = raw[name].lower() or default
    if value not in choices:
        raise SettingError(f"{VARIABLES[name]} must be one of {', '.join(choices)}, for example {default}.")
    return value


def _address(raw: Mapping[str, str], name: str, example: str) -> str:
    value = raw[name].rstrip("/")
    if value and not _is_address(value):
        raise SettingError(f"{VARIABLES[name]} must be a full address, for example {example}.")
    return value


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket that is not closed, a port out of range
        return False


def _origins(value: str) -> list[str]:
    origins = value.split()
    for origin in origins:
        if not _is_address(origin) or urlsplit(origin).path or ";" in origin:
            raise SettingError(
                f"{VARIABLES['embed_origins']} must be origins with spaces between them, "
                "for example https://www.odense.dk https://intranet.odense.dk."
            )
    return origins


def _postgres(value: str) -> str:
    if value and not value.startswith(("postgresql://", "postgres://")):
        raise SettingError(
            f"{VARIABLES['database_url']} must point to PostgreSQL, "
            "for example postgresql://velkommen:secret@db:5432/velkommen; leave it out for the embedded one."
        )
    return value


def _token(value: str) -> str:
    if value and ":" not in value:
        raise SettingError(
            f"{VARIABLES['telegram_bot_token']} must be the token that BotFather gave, "
            "digits, a colon and letters, for example 123456:ABC-DEF."
        )
    return value


def _group(value: str) -> str:
    if value and not (value.startswith("-") and value[1:].isdecimal()):
        raise SettingError(
            f"{VARIABLES['mentor_group']} must be the number of a Telegram group with topics, which begins with a minus, "
            "for example -1001234567890."
        )
    return value


def _switch(raw: Mapping[str, str], name: str) -> bool:
    value = raw[name].lower()
    if value not in ("", "on", "off"):
        raise SettingError(f"{VARIABLES[name]} is {raw[name]!r}; write on or off, for example {VARIABLES[name]}=on.")
    return value == "on"


def _time_of_day(raw: Mapping[str, str], name: str) -> str:
    value = raw[name]
    hour, colon, minute = value.partition(":")
    fits = colon and hour.isdecimal() and minute.isdecimal() and len(hour) == len(minute) == 2
    if value and not (fits and int(hour) < 24 and int(minute) < 60):
        raise SettingError(f"{VARIABLES[name]} must be a Danish time of day, for example 03:30.")
    return value


def _oidc(raw: Mapping[str, str]) -> str:
    """The issuer. Codes and our secret travel there, so only over https, except on this machine."""
    names, example = ("oidc_issuer", "oidc_client_id", "oidc_client_secret"), "https://login.example.dk/realms/kommune"
    issuer = _address(raw, "oidc_issuer", example)
    if issuer and urlsplit(issuer).scheme != "https" and urlsplit(issuer).hostname not in ("localhost", "127.0.0.1"):
        raise SettingError(f"{VARIABLES['oidc_issuer']} must be an https address, for example {example}.")
    if len({bool(raw[name]) for name in names}) > 1:
        listed = ", ".join(VARIABLES[name] for name in names)
        raise SettingError(f"{listed} go together: all three or none, for example {VARIABLES[names[0]]}={example}.")
    return issuer


def _secret(value: str, data_dir: Path) -> str:
    """The key that signs cookies: as set, or made once and kept beside the data, readable by its owner only."""
    if value:
        if len(value) < 32:
            raise SettingError(
                f"{VARIABLES['secret_key']} must have at least 32 characters, for example what "
                "`python -c 'import secrets; print(secrets.token_urlsafe(48))'` prints."
            )
        return value
    path = data_dir / "secret-key"
    try:
        if not path.exists():
            data_dir.mkdir(parents=True, exist_ok=True)
            _make_once(path, secrets.token_urlsafe(48))
        return path.read_text()
    except OSError as error:
        raise SettingError(
            f"{VARIABLES['data_dir']} must be a folder that we may write to, for example /var/lib/velkommen: {error}."
        ) from error


def _make_once(path: Path, text: str) -> None:
    """Write a file that is whole from its first moment; whoever comes second leaves the first one's."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
