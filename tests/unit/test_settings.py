"""A setting that is odd stops the start with a sentence; the secret is made once."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import SettingError
from core.settings import VARIABLES, Settings, read_settings

SECRET = "s" * 32
# Any text will do here, so there is nothing to refuse.
FREE = {
    "VELKOMMEN_HOST",
    "VELKOMMEN_MENTOR_CONTACT",
    "VELKOMMEN_TRANSLATE_KEY",
    "VELKOMMEN_FORWARDED_BY",
    "VELKOMMEN_METRICS_TOKEN",
    "VELKOMMEN_EVALUATION",
}
ODD = [
    ("VELKOMMEN_PORT", ("http", "0", "65536", "-1", "80.5", "²"), "8000"),
    ("VELKOMMEN_DATA_DIR", ("{tmp}/a-file", "{tmp}/a-file/below"), "/var/lib/velkommen"),
    ("DATABASE_URL", ("mysql://db/velkommen", "velkommen", "sqlite:///x.db"), "postgresql://velkommen:secret@db"),
    ("VELKOMMEN_RASA_URL", ("localhost:5005", "ftp://rasa", "http://", "http://[", "http://rasa:port"), "http://127"),
    ("TELEGRAM_BOT_TOKEN", ("my-token",), "123456:ABC-DEF"),
    ("TELEGRAM_API_URL", ("api.telegram.org", "http://telegram:99999"), "http://127.0.0.1:8081"),
    ("PUBLIC_URL", ("velkommen.odense.dk", "https://"), "https://velkommen.example.dk"),
    ("VELKOMMEN_SECRET_KEY", ("short", "s" * 31), "secrets.token_urlsafe"),
    ("VELKOMMEN_MENTOR_GROUP", ("mentors", "1001234567890", "-", "@mentors"), "-1001234567890"),
    ("VELKOMMEN_TRANSLATE_URL", ("translate.odense.dk", "ftp://translate"), "http://127.0.0.1:5000"),
    (
        "VELKOMMEN_EMBED_ORIGINS",
        (
            "odense.dk",
            "https://odense.dk/page",
            "*",
            "https://a.dk;script-src",
            "https://a.dk,https://b.dk",
            "http://[",
        ),
        "https://www.odense.dk",
    ),
    ("VELKOMMEN_BURST_SECONDS", ("soon", "-1", "11", "nan", "inf"), "0.8"),
    ("VELKOMMEN_MESSAGES_PER_MINUTE", ("many", "0", "10001"), "20"),
    ("VELKOMMEN_RETENTION_DAYS", ("forever", "0", "3651"), "365"),
    ("VELKOMMEN_REVIEW", ("maybe", "1"), "VELKOMMEN_REVIEW=on"),
    ("VELKOMMEN_TRAIN_NIGHTLY", ("night", "3:30", "24:00", "03:60", "03:30:00"), "03:30"),
    ("VELKOMMEN_TRAIN_ACTIVATE", ("always",), "VELKOMMEN_TRAIN_ACTIVATE=on"),
    (
        "VELKOMMEN_OIDC_ISSUER",
        ("login.odense.dk", "http://login.odense.dk", "https://login.odense.dk"),
        "https://login",
    ),
    ("VELKOMMEN_OIDC_CLIENT_ID", ("velkommen",), "VELKOMMEN_OIDC_ISSUER=https://login"),
    ("VELKOMMEN_OIDC_CLIENT_SECRET", ("secret",), "VELKOMMEN_OIDC_ISSUER=https://login"),
    ("VELKOMMEN_LOG_LEVEL", ("loud",), "info"),
]


@pytest.mark.parametrize(
    ("variable", "value", "example"), [(name, value, example) for name, values, example in ODD for value in values]
)
def test_an_odd_value_is_told_with_an_example(variable: str, value: str, example: str, tmp_path: Path) -> None:
    (tmp_path / "a-file").touch()
    environment = {"VELKOMMEN_DATA_DIR": str(tmp_path), variable: value.format(tmp=tmp_path)}

    with pytest.raises(SettingError) as told:
        read_settings(environment)

    assert variable in str(told.value)
    assert example in str(told.value)
    assert "for example" in str(told.value)


def test_every_variable_is_either_checked_or_free() -> None:
    assert {name for name, _, _ in ODD} | FREE == set(VARIABLES.values())


def test_a_secret_is_never_in_the_sentence(tmp_path: Path) -> None:
    for variable in ("TELEGRAM_BOT_TOKEN", "VELKOMMEN_SECRET_KEY", "DATABASE_URL"):
        with pytest.raises(SettingError) as told:
            read_settings({"VELKOMMEN_DATA_DIR": str(tmp_path), variable: "hush-hush"})
        assert "hush" not in str(told.value)


def test_nothing_needs_to_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    settings = read_settings({})

    assert settings == Settings(data_dir=tmp_path / "var", secret_key=settings.secret_key)
    assert len(settings.secret_key) >= 32


def test_every_variable_is_read(tmp_path: Path) -> None:
    environment = {
        "VELKOMMEN_PORT": " 9000 ",
        "VELKOMMEN_HOST": "0.0.0.0",
        "VELKOMMEN_DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgresql://db/velkommen",
        "VELKOMMEN_RASA_URL": "http://rasa:5005/",
        "TELEGRAM_BOT_TOKEN": "123456:ABC-DEF",
        "TELEGRAM_API_URL": "http://telegram:8081",
        "PUBLIC_URL": "https://velkommen.example.dk/",
        "VELKOMMEN_SECRET_KEY": SECRET,
        "VELKOMMEN_MENTOR_CONTACT": "mentor@example.dk",
        "VELKOMMEN_MENTOR_GROUP": "-1001234567890",
        "VELKOMMEN_TRANSLATE_URL": "http://translate:5000/",
        "VELKOMMEN_TRANSLATE_KEY": "translate-key",
        "VELKOMMEN_EMBED_ORIGINS": "https://www.odense.dk  https://intranet.odense.dk:8443",
        "VELKOMMEN_FORWARDED_BY": "10.0.0.1",
        "VELKOMMEN_METRICS_TOKEN": "token",
        "VELKOMMEN_BURST_SECONDS": "0",
        "VELKOMMEN_MESSAGES_PER_MINUTE": "5",
        "VELKOMMEN_RETENTION_DAYS": "30",
        "VELKOMMEN_REVIEW": "on",
        "VELKOMMEN_OIDC_ISSUER": "https://login.example.dk/",
        "VELKOMMEN_OIDC_CLIENT_ID": "velkommen",
        "VELKOMMEN_OIDC_CLIENT_SECRET": "client secret",
        "VELKOMMEN_TRAIN_NIGHTLY": "03:30",
        "VELKOMMEN_TRAIN_ACTIVATE": "on",
        "VELKOMMEN_EVALUATION": str(tmp_path),
        "VELKOMMEN_LOG_LEVEL": "WARNING",
    }
    assert environment.keys() == set(VARIABLES.values())

    assert read_settings(environment) == Settings(
        port=9000,
        host="0.0.0.0",
        data_dir=tmp_path,
        database_url="postgresql://db/velkommen",
        rasa_url="http://rasa:5005",
        telegram_bot_token="123456:ABC-DEF",
        telegram_api_url="http://telegram:8081",
        public_url="https://velkommen.example.dk",
        secret_key=SECRET,
        mentor_contact="mentor@example.dk",
        mentor_group="-1001234567890",
        translate_url="http://translate:5000",
        translate_key="translate-key",
        embed_origins=("https://www.odense.dk", "https://intranet.odense.dk:8443"),
        forwarded_by="10.0.0.1",
        metrics_token="token",
        burst_seconds=0.0,
        messages_per_minute=5,
        retention_days=30,
        review=True,
        oidc_issuer="https://login.example.dk",
        oidc_client_id="velkommen",
        oidc_client_secret="client secret",
        train_nightly="03:30",
        train_activate=True,
        evaluation=str(tmp_path),
        log_level="warning",
    )


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    environment = {"VELKOMMEN_DATA_DIR": str(tmp_path / "new" / "var")}

    first, second = read_settings(environment), read_settings(environment)

    assert first.secret_key == second.secret_key
    (kept,) = (tmp_path / "new" / "var").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_processes_that_start_together_have_the_same_secret(tmp_path: Path) -> None:
    environment = {"VELKOMMEN_DATA_DIR": str(tmp_path)}

    with ThreadPoolExecutor(16) as starting:
        keys = set(starting.map(lambda _: read_settings(environment).secret_key, range(64)))

    assert len(keys) == 1
    assert len(keys.pop()) >= 32


def test_a_secret_that_is_set_is_not_written_down(tmp_path: Path) -> None:
    read_settings({"VELKOMMEN_DATA_DIR": str(tmp_path), "VELKOMMEN_SECRET_KEY": SECRET})
    assert list(tmp_path.iterdir()) == []
