"""Settings are read once; what is not usable is refused with the variable, its value, and what is expected."""

import base64
import hashlib
import threading
from ipaddress import ip_network
from pathlib import Path

import pytest

from regulars.base.errors import SettingsInvalid
from regulars.base.secret import Secret
from regulars.base.settings import Settings

DRAWN = hashlib.sha256(b"drawn by a machine").digest()
SECRET = base64.urlsafe_b64encode(DRAWN).decode()


def test_without_any_variable_everything_has_a_default() -> None:
    settings = Settings.read({"HOME": "/srv/ana", "PATH": "/bin"})
    assert settings == Settings(data_dir=Path("/srv/ana/.local/share/regulars"))
    assert (settings.database_url, settings.host, settings.port, settings.pool_max) == (None, "127.0.0.1", 8080, 8)
    assert (settings.auto_enrol, settings.statement_timeout_seconds, settings.late_days_max) == (True, 30, 30)


def test_every_variable_reaches_its_field(tmp_path: Path) -> None:
    (tmp_path / "postgres").touch()
    settings = Settings.read(
        {
            "REGULARS_DATABASE_URL": "postgres://u:p@db/x",
            "REGULARS_DATA_DIR": "/srv/points",
            "REGULARS_PG_BINDIR": str(tmp_path),
            "REGULARS_PG_PORT": "6543",
            "REGULARS_SECRET": SECRET.rstrip("="),
            "REGULARS_AUTO_ENROL": "Off",
            "REGULARS_HOST": "::",
            "REGULARS_PORT": "80",
            "REGULARS_POOL_MAX": " 3 ",
            "REGULARS_STATEMENT_TIMEOUT_SECONDS": "5",
            "REGULARS_LATE_DAYS_MAX": "0",
            "REGULARS_PUBLIC_URL": "https://points.example.com",
            "REGULARS_PROXIES": "10.0.0.0/8, 192.168.1.7",
            "REGULARS_KEY_RATE": "50",
            "REGULARS_FOUR_EYES": "keys,Publishing",
            "REGULARS_BREACHED_PASSWORDS": str(tmp_path / "postgres"),
            "REGULARS_OIDC_ISSUER": "https://id.example.com",
            "REGULARS_OIDC_CLIENT_ID": "regulars",
            "REGULARS_OIDC_CLIENT_SECRET": "hunter2",
            "REGULARS_TEST_DATABASE_URL": "for the test suite only",
        }
    )
    assert settings == Settings(
        database_url="postgres://u:p@db/x",
        data_dir=Path("/srv/points"),
        pg_bindir=tmp_path,
        pg_port=6543,
        secret=Secret.single(DRAWN),
        auto_enrol=False,
        host="::",
        port=80,
        pool_max=3,
        statement_timeout_seconds=5,
        late_days_max=0,
        public_url="https://points.example.com",
        proxies=(ip_network("10.0.0.0/8"), ip_network("192.168.1.7/32")),
        key_rate=50,
        four_eyes=frozenset({"keys", "publishing"}),
        breached_passwords=tmp_path / "postgres",
        oidc_issuer="https://id.example.com",
        oidc_client_id="regulars",
        oidc_client_secret="hunter2",
    )


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("REGULARS_PORT", "80a", ["'80a'", "from 1 to 65535"]),
        ("REGULARS_PORT", "0", ["from 1"]),
        ("REGULARS_PORT", "65536", ["to 65535"]),
        ("REGULARS_PORT", "٨٠", ["whole number"]),
        ("REGULARS_PORT", "-1", ["whole number"]),
        ("REGULARS_POOL_MAX", "9" * 5000, ["to 500"]),
        ("REGULARS_AUTO_ENROL", "maybe", ["'maybe'", "true or false"]),
        ("REGULARS_DATABASE_URL", "mysql://admin:hunter2@db/x", ["a hidden value", "postgresql://"]),
        ("REGULARS_DATA_DIR", "points", ["'points'", "absolute"]),
        ("REGULARS_PG_BINDIR", "/nowhere", ["'/nowhere'", "initdb"]),
        ("REGULARS_SECRET", "hunter2", ["a hidden value", "32"]),
        ("REGULARS_SECRET", "changeme" * 8, ["a hidden value", "drawn by a machine"]),
        ("REGULARS_SECRET", "A" * 64, ["a hidden value", "drawn by a machine"]),
        ("REGULARS_SECRET", base64.urlsafe_b64encode(bytes(range(64))).decode(), ["drawn by a machine"]),
        ("REGULARS_SECRET", base64.urlsafe_b64encode(DRAWN[:8] * 8).decode(), ["drawn by a machine"]),
        ("REGULARS_SECRET", base64.urlsafe_b64encode(b"Regulars" + DRAWN).decode(), ["drawn by a machine"]),
        ("REGULARS_FOUR_EYES", "keys, birthdays", ["adjustments, publishing, keys, mass"]),
        ("REGULARS_PUBLIC_URL", "points.example.com", ["https://"]),
        ("REGULARS_BREACHED_PASSWORDS", "/nowhere", ["a file"]),
        ("REGULARS_OIDC_ISSUER", "https://id.example.com", ["_OIDC_CLIENT_ID is not set"]),
        ("REGULARS_SECRET", SECRET[:20] + "!" + SECRET[20:], ["base64url"]),
    ],
)
def test_a_bad_value_is_refused_in_a_sentence(variable: str, value: str, words: list[str]) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        Settings.read({variable: value})
    assert refused.value.detail.startswith(variable.replace("ISSUER", "CLIENT_ID"))
    assert all(word in refused.value.detail for word in words)
    assert "SECRET" not in variable or value not in refused.value.detail
    assert "hunter2" not in refused.value.detail


@pytest.mark.parametrize(
    ("variable", "nearest"),
    [
        ("REGULARS_DATABASEURL", "REGULARS_DATABASE_URL"),
        ("REGULARS_AUTO_ENROLL", "REGULARS_AUTO_ENROL"),
        ("REGULARS_", "REGULARS_HOST"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_known(variable: str, nearest: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"There is no setting {variable}") as refused:
        Settings.read({variable: "1"})
    assert refused.value.context["nearest"] in {nearest, "REGULARS_PORT"}


@pytest.mark.parametrize(
    ("env", "folder"),
    [
        ({"HOME": "/srv/ana"}, "/srv/ana/.local/share/regulars"),
        ({"HOME": "/srv/ana", "XDG_DATA_HOME": "/data"}, "/data/regulars"),
        ({"HOME": "/srv/ana", "XDG_DATA_HOME": "data"}, "/srv/ana/.local/share/regulars"),
        ({"HOME": "/srv/ana", "REGULARS_DATA_DIR": "/x"}, "/x"),
        ({"HOME": "/srv/ana", "REGULARS_DATA_DIR": ""}, "/srv/ana/.local/share/regulars"),
    ],
)
def test_the_data_folder_follows_the_desktop_rules(env: dict[str, str], folder: str) -> None:
    assert Settings.read(env).data_dir == Path(folder)


def test_settings_do_not_show_their_secrets() -> None:
    settings = Settings(
        data_dir=Path("/x"), database_url="postgres://u:hunter2@db/x", secret=Secret.single(b"hunter2" * 5)
    )
    assert "hunter2" not in repr(settings)


def test_a_secret_is_made_once_even_by_many_at_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new" / "folder")
    found: list[bytes] = []
    gate = threading.Barrier(16)

    def take() -> None:
        gate.wait()
        found.append(settings.load_secret().masters[1])

    threads = [threading.Thread(target=take) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert set(found) == {settings.load_secret().masters[1]}
    assert len(found[0]) == 32
    assert [path.name for path in settings.data_dir.iterdir()] == ["secret"]
    assert (settings.data_dir / "secret").stat().st_mode & 0o777 == 0o600


def test_the_given_secret_comes_before_the_file(tmp_path: Path) -> None:
    settings = Settings.read({"REGULARS_SECRET": SECRET, "REGULARS_DATA_DIR": str(tmp_path)})
    assert settings.load_secret() == Secret.single(DRAWN)
    assert not (tmp_path / "secret").exists()


@pytest.mark.parametrize(
    ("content", "mode", "complaint"),
    [(SECRET, 0o644, "chmod 600"), (SECRET, 0o640, "chmod 600"), ("", 0o600, "backup"), ("short", 0o600, "backup")],
)
def test_a_secret_that_others_read_or_that_is_none_is_refused(
    tmp_path: Path, content: str, mode: int, complaint: str
) -> None:
    (tmp_path / "secret").write_text(content)
    (tmp_path / "secret").chmod(mode)
    with pytest.raises(SettingsInvalid, match=complaint):
        Settings(data_dir=tmp_path).load_secret()
