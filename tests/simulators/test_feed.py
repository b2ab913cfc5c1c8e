"""Live news for open pages."""

import asyncio

from simulators.feed import Feed


async def test_a_slow_page_gets_only_the_latest_state_of_each_message() -> None:
    feed = Feed()
    page = feed.listen()
    first = asyncio.ensure_future(anext(page))
    await asyncio.sleep(0)
    feed.publish("a", {"n": 1})
    assert await first == {"n": 1}
    for number in range(2, 1000):
        feed.publish("a", {"n": number})
    feed.publish("b", {"n": 0})
    assert [await anext(page), await anext(page)] == [{"n": 999}, {"n": 0}]
    await page.aclose()  # type: ignore[attr-defined]
    feed.publish("c", {"n": 1})
