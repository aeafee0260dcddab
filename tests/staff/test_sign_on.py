"""Signing on at a provider: the person who comes back is the one who left, and the answer is signed, fresh and ours."""

from collections.abc import AsyncGenerator, Generator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from regulars.base.db import Database
from regulars.base.settings import Settings
from regulars.features import staff
from regulars.interfaces.http.app import app
from regulars.kernel import spine
from tests.http.site import BARE, Site, run_site
from tests.staff.people import Office, code_of
from tests.staff.provider import CLIENT, SECRET, Provider, run_provider


@pytest.fixture
def provider() -> Generator[Provider]:
    with run_provider() as made:
        yield made


@pytest.fixture
async def site(
    database: Database, house: spine.House, settings: Settings, published: None, provider: Provider
) -> AsyncGenerator[Site]:
    known = replace(settings, oidc_issuer=provider.issuer, oidc_client_id=CLIENT, oidc_client_secret=SECRET)
    async for each in run_site(database, house, app(known, database, house)):
        yield each


async def invite(office: Office, email: str = "bo@example.com") -> staff.Invited:
    async with office.site.database.transaction() as tx:
        return await staff.invite(
            tx, office.site.house.keyring, email=email, name="Bo", roles=["analyst"], bound=None, by="t", at=office.at
        )


async def leave(office: Office) -> tuple[str, str]:
    """Where the browser is sent, and the cookie that it is given."""
    gone = await office.send("GET", "/v1/session/sign-on")
    assert gone.status_code == 303, gone.text
    assert "SameSite=Lax" in gone.headers["set-cookie"]
    return gone.headers["location"], gone.headers["set-cookie"].split("; ")[0]


async def come_back(office: Office, query: dict[str, str], cookie: str) -> httpx.Response:
    async with httpx.AsyncClient(
        base_url=office.site.url, headers={"Cookie": cookie}, verify=BARE, timeout=60
    ) as browser:
        return await browser.get("/v1/session/sign-on/back", params=query)


async def sign_on(office: Office, provider: Provider, **claims: object) -> httpx.Response:
    provider.now, provider.claims = int(office.at.timestamp()), claims
    url, cookie = await leave(office)
    return await come_back(office, provider.authorise(url, "c-1"), cookie)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_who_was_invited_signs_on_without_a_password(office: Office, provider: Provider, algorithm: str) -> None:
    provider.algorithm = algorithm
    invited = await invite(office)
    done = await sign_on(office, provider)
    assert done.status_code == 200, done.text
    cookie = done.headers["set-cookie"].split("; ")[0]
    async with httpx.AsyncClient(
        base_url=office.site.url, headers={"Cookie": cookie}, verify=BARE, timeout=60
    ) as browser:
        me = (await browser.get("/v1/session")).json()
    assert (me["account"]["email"], me["account"]["state"]) == ("bo@example.com", "active")
    assert me["account"]["signs_on"]
    used = await office.send("POST", "/v1/staff/welcome/look", {"token": invited.token})
    assert code_of(used) == (404, "link_invalid")
    again = await sign_on(office, provider, email="another@example.com", email_verified=False)
    assert again.status_code == 200, "once linked, it is the person who counts, and not the address"
    stranger = await sign_on(office, provider, sub="person-8")
    assert code_of(stranger) == (401, "sign_on_refused"), "whoever gets the address later is somebody else"


NOT_OURS: list[dict[str, Any]] = [
    {"email_verified": False},
    {"email_verified": "true"},
    {"email_verified": None},
    {"email": "eve@example.com"},
    {"email": None},
    {"aud": "another program"},
    {"aud": [CLIENT, "another program"]},
    {"aud": [CLIENT, "another program"], "azp": "another program"},
    {"iss": "https://evil.example.com"},
    {"nonce": "of another time"},
    {"nonce": None},
    {"exp": 1},
    {"exp": None},
    {"iat": 1},
    {"sub": None},
    {"sub": ""},
]


@pytest.mark.parametrize("claims", NOT_OURS, ids=str)
async def test_what_is_not_for_us_signs_nobody_on(office: Office, provider: Provider, claims: dict[str, Any]) -> None:
    await invite(office)
    assert code_of(await sign_on(office, provider, **claims)) == (401, "sign_on_refused")
    assert (await sign_on(office, provider)).status_code == 200, "the account was not spoilt"


async def test_what_somebody_else_signed_signs_nobody_on(office: Office, provider: Provider) -> None:
    await invite(office)
    provider.signer = ECKey.generate_key("P-256", {"kid": "e"})
    assert code_of(await sign_on(office, provider)) == (401, "sign_on_refused")
    provider.algorithm, provider.signer = "HS256", None
    assert code_of(await sign_on(office, provider)) == (401, "sign_on_refused")


async def test_the_browser_that_comes_back_is_the_one_that_left_and_comes_once(
    office: Office, provider: Provider
) -> None:
    await invite(office)
    provider.now = int(office.at.timestamp())
    url, cookie = await leave(office)
    query = provider.authorise(url, "c-1")
    _, of_another = await leave(office)
    assert code_of(await come_back(office, query, of_another)) == (401, "sign_on_refused")
    assert code_of(await come_back(office, query, "a=b")) == (401, "sign_on_refused")
    assert (await come_back(office, query, cookie)).status_code == 200
    provider.authorise(url, "c-1")
    assert code_of(await come_back(office, query, cookie)) == (401, "sign_on_refused"), "once"
    url, cookie = await leave(office)
    query = provider.authorise(url, "c-2")
    office.later(minutes=11)
    provider.now = int(office.at.timestamp())
    assert code_of(await come_back(office, query, cookie)) == (401, "sign_on_refused"), "too late"


async def test_a_code_that_was_stolen_is_of_no_use_to_another_browser(office: Office, provider: Provider) -> None:
    await invite(office)
    provider.now = int(office.at.timestamp())
    url, _ = await leave(office)
    stolen = provider.authorise(url, "c-1")["code"]
    other_url, cookie = await leave(office)
    state = provider.authorise(other_url, "c-2")["state"]
    assert code_of(await come_back(office, {"code": stolen, "state": state}, cookie)) == (401, "sign_on_refused")


async def test_who_is_disabled_does_not_sign_on(office: Office, provider: Provider) -> None:
    invited = await invite(office)
    assert invited.account is not None
    assert (await sign_on(office, provider)).status_code == 200
    async with office.site.database.transaction() as tx:
        await staff.disable(tx, office.site.house.keyring, invited.account.id, at=office.at)
    assert code_of(await sign_on(office, provider)) == (401, "sign_on_refused")


async def test_a_key_that_the_provider_began_to_use_is_asked_for(office: Office, provider: Provider) -> None:
    await invite(office)
    seconds = 0.0
    office.state.sign_on = staff.SignOn(
        staff.Provider(issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET), elapsed=lambda: seconds
    )
    assert (await sign_on(office, provider)).status_code == 200
    provider.keys["ES256"] = ECKey.generate_key("P-256", {"kid": "e2"})
    asked = len(provider.asked)
    assert code_of(await sign_on(office, provider)) == (401, "sign_on_refused")
    assert provider.asked[asked:] == ["/token"], "not asked for again within the minute"
    seconds = 61.0
    assert (await sign_on(office, provider)).status_code == 200


async def test_a_provider_that_is_down_is_said_to_be(office: Office, provider: Provider) -> None:
    provider.down = True
    silent = await office.send("GET", "/v1/session/sign-on")
    assert code_of(silent) == (503, "provider_silent")
    assert "retry-after" in silent.headers


async def test_a_provider_is_only_asked_over_tls_but_on_this_machine(office: Office, provider: Provider) -> None:
    far = staff.Provider(issuer="http://id.example.com", client_id=CLIENT, client_secret=SECRET)
    with pytest.raises(staff.ProviderSilent, match="https"):
        await staff.SignOn(far).begin(office.site.database, office.site.house.keyring, back="x", at=office.at)
