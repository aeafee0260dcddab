"""The audit finds what it is there for."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "scripts" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("planted", "kind"),
    [
        ("-----BEGIN " + "RSA PRIVATE KEY-----", "Private Key"),
        ('url = "postgresql://points:' + 'zK8rTq1x@db.example.org/points"', "Basic Auth Credentials"),
        ('key = "AKIA' + 'IOSFODNN7EXAMPL0"', "AWS Access Key"),
        ('password = "' + 'vT9$kQ2!mZ7pL4xR"', "Secret Keyword"),
    ],
)
def test_a_planted_secret_is_found(audit: ModuleType, tmp_path: Path, planted: str, kind: str) -> None:
    (tmp_path / "code.py").write_text(planted + "\n")
    assert kind in [found[0] for found in audit.find_secrets(str(tmp_path / "code.py"))]


def test_code_without_one_is_clean(audit: ModuleType) -> None:
    assert audit.find_secrets(str(ROOT / "src/regulars/base/crypto.py")) == []


@pytest.mark.parametrize(
    ("packages", "well", "words"),
    [
        ([{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1"}]}], False, "a 1: PYSEC-1"),
        ([{"name": "a", "version": "1", "vulns": []}], True, "No known hole in 1 packages"),
        ([{"name": "a", "skip_reason": "not found"}], True, "Not audited"),
        ([{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "?"}], True, "Not known there: b"),
    ],
)
def test_holes_fail_and_silence_is_told(
    audit: ModuleType, packages: list[dict[str, object]], well: bool, words: str
) -> None:
    verdict, said = audit.judge(packages)
    assert (verdict, words in said) == (well, True)
