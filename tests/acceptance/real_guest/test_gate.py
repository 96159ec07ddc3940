"""The gate of a real instance: who is let in, and what an open session may not be used for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from provisioning.tickets import Signer
from tests.acceptance.playing import private_links
from tests.acceptance.real_guest.seen import Seen, Visit
from tests.fakes.playground import BEN, GIL

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1200)]


def told_to(binder: str, signer: Signer, *, minutes: float = 0) -> str:
    return signer.ticket(
        binder=binder,
        team="T0PLAY0001",
        user=BEN,
        to="/lab",
        epoch=0,
        now=datetime.now(UTC) + timedelta(minutes=minutes),
    )


@pytest.mark.parametrize(
    ("spoil", "headers"),
    [
        pytest.param(lambda b, _: b.ticket[:-8] + "AAAAAAAA", {}, id="tampered with"),
        pytest.param(lambda b, _: told_to(b.id, Signer.generate()), {}, id="signed by another bot"),
        pytest.param(lambda b, signer: told_to(b.id, signer, minutes=-2), {}, id="expired"),
        pytest.param(lambda b, signer: told_to(b.id, signer, minutes=5), {}, id="of the future"),
        pytest.param(lambda _, signer: told_to("zzzz222222", signer), {}, id="for another environment"),
        pytest.param(lambda b, _: b.ticket, {"Sec_Fetch_Site": "cross-site"}, id="from another site's form"),
        pytest.param(lambda b, _: b.ticket, {"Sec_Fetch_Site": "same-site"}, id="from a sibling's form"),
    ],
)
async def test_given_a_ticket_that_is_not_right_then_it_lets_nobody_in_and_the_right_one_still_does_once(
    ready: Seen, spoil: Callable[[Visit, Signer], str], headers: dict[str, str]
) -> None:
    signer = await ready.signer()
    async with ready.browser() as browser:
        refused = await browser.enter(spoil(browser, signer), **headers)
        looked = await browser.get(f"/_binder/enter?ticket={browser.ticket}")  # as a link scanner does

        assert (refused[0], looked[0], browser.cookie) == (403, 200, "")
        assert (await browser.enter(browser.ticket))[0] == 303
        assert (await browser.enter(browser.ticket))[0] == 403


async def test_given_no_ticket_then_the_page_says_how_to_get_in(ready: Seen) -> None:
    async with ready.browser() as browser:
        status, page = await browser.get("/lab")

        assert (status, "Press <b>Open</b> in the Slack thread" in page) == (401, True)


def test_given_somebody_else_when_pressing_the_button_then_no_link_is_given(ready: Seen) -> None:
    before = private_links(ready.room, GIL)

    ready.press("binder.open.lab", user=GIL)
    ready.room.until(lambda: ready.room.get(f"/person/inbox/{GIL}")["ephemerals"], within_s=60)

    assert private_links(ready.room, GIL) == before


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://elsewhere.example"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="a page without an origin"),
        pytest.param({"Sec_Fetch_Site": "same-site"}, id="a sibling"),
    ],
)
async def test_given_an_open_session_when_another_page_asks_for_a_websocket_or_a_kernel_then_it_is_refused(
    ready: Seen, headers: dict[str, str]
) -> None:
    async with ready.browser() as browser:
        await browser.enter(browser.ticket)
        url, foreign = f"{browser.agent_url}/api/events/subscribe", {"Origin": browser.public_url} | headers

        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await browser.session.ws_connect(url, headers=browser.headers(**foreign), ssl=False)
        assert (await browser.get("/api/kernels", "POST", b"{}", **foreign))[0] == 403
