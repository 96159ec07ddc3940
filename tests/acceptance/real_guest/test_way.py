"""The whole way: a command in Slack, Nova, cloud-init, repo2docker, a floating IP, a kernel, a reboot, the end."""

import pytest

from tests.acceptance.real_guest.seen import Seen

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1200)]

_SINCE = "print(open('/proc/1/stat').read().split()[21])"  # when the container's first process was started


async def test_given_a_launched_repository_when_its_button_is_pressed_then_the_ticket_opens_lab_and_a_kernel_computes(
    ready: Seen,
) -> None:
    async with ready.browser() as browser:
        before = (await browser.get("/lab"))[0]
        entered = await browser.enter(browser.ticket)
        after = (await browser.get("/lab"))[0]

        assert (before, entered, after) == (401, (303, "/lab"), 200)
        assert await browser.compute("print(6 * 7, open('greeting.txt').read())") == "42 hello"


async def test_given_a_written_file_when_nova_reboots_the_instance_then_it_is_ready_again_with_that_file(
    ready: Seen,
) -> None:
    async with ready.browser() as browser:
        await browser.enter(browser.ticket)
        since = await browser.compute(f"open('kept.txt', 'w').write('kept'); {_SINCE}")

        ready.project.eyes.compute.reboot_server(ready.servers()[0], "SOFT")
        ready.room.until(lambda: ready.servers()[0].status == "REBOOT", within_s=60)
        ready.room.until(lambda: ready.servers()[0].status == "ACTIVE", within_s=120)
        await browser.until_answers("/lab")

        assert await browser.compute("print(open('kept.txt').read())") == "kept"
        assert await browser.compute(_SINCE) != since


@pytest.mark.last
def test_given_a_real_instance_when_deleted_then_nothing_of_it_is_left_in_the_cloud(ready: Seen) -> None:
    before = ready.objects()
    ready.press("binder.delete")

    ready.until_told(lambda m: "whole" in m["text"] and "Its instance is gone" in m["text"])
    assert (sorted(before), ready.objects()) == (["floating_ips", "ports", "servers", "volumes"], [])
