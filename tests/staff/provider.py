"""An identity provider on localhost: small, and as strict as one has to be."""

import base64
import hashlib
import hmac
import json
import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

CLIENT = "regulars"
SECRET = "of the client"  # noqa: S105 - of the test

Key = RSAKey | ECKey | OKPKey


@dataclass(kw_only=True)
class Provider:
    """What the provider does next, and what it was asked."""

    issuer: str
    keys: dict[str, Key] = field(default_factory=dict)
    algorithm: str = "ES256"
    claims: dict[str, Any] = field(default_factory=dict)
    """Over those that it would send."""
    signer: Key | None = None
    """Another key than the one it publishes."""
    challenges: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """By code: the challenge, the nonce and the address to go back to."""
    now: int = 0
    asked: list[str] = field(default_factory=list)
    down: bool = False

    def authorise(self, url: str, code: str) -> dict[str, str]:
        """Do what a person's browser and the provider do: sign in there, and come back with a code."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert query["client_id"] == CLIENT
        self.challenges[code] = (query["code_challenge"], query["nonce"], query["redirect_uri"])
        return {"code": code, "state": query["state"]}

    def answer(self, path: str, body: dict[str, str]) -> tuple[int, object]:
        """Answer a request."""
        self.asked.append(path)
        if self.down:
            return 503, {}
        if path == "/.well-known/openid-configuration":
            paths = {"authorization_endpoint": "/go", "token_endpoint": "/token", "jwks_uri": "/keys"}
            return 200, {"issuer": self.issuer, **{name: self.issuer + path for name, path in paths.items()}}
        if path == "/keys":
            return 200, KeySet(list(self.keys.values())).as_dict(private=False)
        assert path == "/token"
        challenge, nonce, back = self.challenges.pop(body["code"], ("", "", ""))
        verifier = hashlib.sha256(body["code_verifier"].encode()).digest()
        fits = (
            base64.urlsafe_b64encode(verifier).decode().rstrip("=") == challenge
            and body["redirect_uri"] == back
            and (body["client_id"], body["client_secret"]) == (CLIENT, SECRET)
        )
        return (200, {"id_token": self.sign(nonce), "token_type": "Bearer"}) if fits else (400, {"error": "invalid"})

    def sign(self, nonce: str) -> str:
        """Sign what the provider says of the person."""
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "person-7",
            "exp": self.now + 300,
            "iat": self.now,
            "nonce": nonce,
            "email": "bo@example.com",
            "email_verified": True,
        } | self.claims
        kept = {name: value for name, value in claims.items() if value is not None}
        key = self.signer or self.keys.get(self.algorithm, self.keys["ES256"])
        header = {"alg": self.algorithm, "kid": key.kid or ""}
        if self.algorithm == "HS256":
            return self.take_public_key_for_password(kept)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.encode(header, kept, key, algorithms=[self.algorithm])

    def take_public_key_for_password(self, claims: dict[str, Any]) -> str:
        """Sign by HMAC with what everybody can read: libraries that ask the token how to check it fall for that."""
        parts = [{"alg": "HS256", "kid": "e"}, claims]
        signed = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        password = self.keys["ES256"].as_pem(private=False)
        proof = hmac.digest(password, signed.encode(), "sha256")
        return f"{signed}.{base64.urlsafe_b64encode(proof).decode().rstrip('=')}"


@contextmanager
def run_provider() -> Generator[Provider]:
    """Run a provider for the length of the block."""
    made = Provider(issuer="")

    class Requests(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply({})

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.reply({name: values[0] for name, values in parse_qs(sent).items()})

        def reply(self, body: dict[str, str]) -> None:
            status, told = made.answer(self.path, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_request(self, code: object = "-", size: object = "-") -> None:
            del code, size

    server = ThreadingHTTPServer(("127.0.0.1", 0), Requests)
    made.issuer = f"http://127.0.0.1:{server.server_port}"
    made.keys = {
        "RS256": RSAKey.generate_key(2048, {"kid": "r"}),
        "ES256": ECKey.generate_key("P-256", {"kid": "e"}),
        "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "d"}),
    }
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()
