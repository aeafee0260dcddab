"""Look for known holes in what we depend on, and for secrets in what we wrote: `scripts/audit.py [--accept]`.

Holes are asked for at a public service; where it cannot be reached, that is said, and is no failure. Secrets are those
that a scanner takes for some and `.secrets.baseline` does not list: keys of tests, and what only looks like one. After
reading what was found, `--accept` lists it. Files that have not changed since they were found clean are not read again.
"""

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parents[1]
BASELINE = ROOT / ".secrets.baseline"
CLEAN = ROOT / ".venv" / ".scanned"
LOCKED = ROOT / "requirements" / "run.txt"
# Made by machines from what is scanned, or hashes of packages.
LEFT_OUT = ("docs/reference/", "docs/screens/", "requirements/", "web/package-lock.json", ".secrets.baseline")
PLUGINS = (
    "AWSKeyDetector",
    "BasicAuthDetector",
    "Base64HighEntropyString",
    "GitHubTokenDetector",
    "JwtTokenDetector",
    "KeywordDetector",
    "PrivateKeyDetector",
    "SlackDetector",
    "StripeDetector",
)
FILTERS = (
    "allowlist.is_line_allowlisted",
    "heuristic.is_indirect_reference",
    "heuristic.is_likely_id_string",
    "heuristic.is_not_alphanumeric_string",
    "heuristic.is_potential_uuid",
    "heuristic.is_sequential_string",
    "heuristic.is_templated_secret",
)
AUDIT_SECONDS_MAX = 60


def find_secrets(path: str) -> list[tuple[str, str, int]]:
    """Find what looks like a secret in a file: (kind, its SHA-1, line)."""
    config = {
        "plugins_used": [{"name": name} for name in PLUGINS],
        "filters_used": [{"path": f"detect_secrets.filters.{name}"} for name in FILTERS],
    }
    with transient_settings(config):
        return sorted((each.type, each.secret_hash, each.line_number) for each in scan_file(path))


def scan(*, accept: bool) -> list[str]:
    """Scan what git knows of; give a line for each thing found that is not in the baseline."""
    words = ["git", "ls-files"]
    asked = subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT)  # noqa: S603 - our own words
    listed = asked.stdout.splitlines()
    prints = {name: fingerprint(name) for name in listed if not name.startswith(LEFT_OUT) and (ROOT / name).is_file()}
    clean = set(CLEAN.read_text().split()) if CLEAN.exists() else set[str]()
    dirty = [name for name, seen in prints.items() if accept or seen not in clean]
    with ProcessPoolExecutor(2) as pool:
        found = dict(
            zip(dirty, pool.map(find_secrets, (str(ROOT / name) for name in dirty), chunksize=16), strict=True)
        )
    if accept:
        known = {name: sorted({(kind, hash_) for kind, hash_, _ in each}) for name, each in found.items() if each}
        BASELINE.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
        return []
    known = {name: {tuple(each) for each in rows} for name, rows in json.loads(BASELINE.read_text()).items()}
    new = {name: [row for row in rows if row[:2] not in known.get(name, set())] for name, rows in found.items()}
    still = {seen for name, seen in prints.items() if not new.get(name)}
    CLEAN.write_text("\n".join(sorted(still)) + "\n")
    return [f"{name}:{line}: {kind}" for name, rows in new.items() for kind, _, line in rows]


def fingerprint(name: str) -> str:
    """Name what a file holds and what it is held against."""
    made = hashlib.sha256(Path(__file__).read_bytes() + BASELINE.read_bytes() if BASELINE.exists() else b"")
    made.update(name.encode() + (ROOT / name).read_bytes())
    return made.hexdigest()


def look_up_holes() -> tuple[bool, str]:
    """Ask whether what we depend on has known holes: whether it is well, and a sentence."""
    tool = Path(sys.executable).with_name("pip-audit")
    words = [tool, "-r", LOCKED, "--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=AUDIT_SECONDS_MAX)  # noqa: S603
        packages = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError) as error:
        return True, f"Not audited: the service that knows of holes gave no answer ({type(error).__name__})."
    return judge(packages)


def judge(packages: list[dict[str, object]]) -> tuple[bool, str]:
    """Make a sentence of what was answered."""
    holes = [f"{each['name']} {each['version']}: {hole['id']}" for each in packages for hole in each.get("vulns") or ()]
    unknown = [str(each["name"]) for each in packages if each.get("skip_reason")]
    if holes:
        return False, "Known holes: " + "; ".join(holes)
    if len(unknown) == len(packages):
        return True, "Not audited: the service that knows of holes is not reached from here, or knows no package."
    rest = f" Not known there: {', '.join(unknown)}." if unknown else ""
    return True, f"No known hole in {len(packages) - len(unknown)} packages.{rest}"


def main() -> int:
    """Do both; the status is 1 when something was found."""
    found = scan(accept="--accept" in sys.argv[1:])
    for line in found:
        print(f"{line}. A secret? Then change it, and take it out. If not: scripts/audit.py --accept")
    well, words = look_up_holes()
    print(words)
    return 0 if well and not found else 1


if __name__ == "__main__":
    sys.exit(main())
