from datetime import timedelta

from core.clock import FixedClock
from grievances.status import Move
from handoff.officers.schemas import Role
from tests.handoff.conftest import Scene
from tests.handoff.grievances.conftest import Book
from tests.handoff.test_browser import sign_in


async def test_look(scene: Scene, book: Book, clock: FixedClock, address, chrome) -> None:
    await scene.officer("hubert", Role.HUB)
    v = (0.1, 0.2, 0.3)
    one = await book.file(1, vector=v)
    await book.attach(one)
    two = await book.file(2, vector=v)
    await book.file(1, category="credit", told={"against": "bank", "against_name": "Demo Bank"})
    clock.at += timedelta(days=4)
    await book.act(one, Move.NOTE, text="Called the buyer; no answer.")
    for n in range(3, 9):
        await book.file(n, room="dfo-chennai" if n % 2 else "hub")
    await book.act(two, Move.REPLY, text="We wrote to the buyer.")
    clock.at += timedelta(days=1)
    for lang in ("en", "hi"):
        for w, h in ((1366, 768), (390, 844)):
            page = await sign_in(chrome, address, "hubert", w, h)
            await page.locator("#language").select_option(lang)
            await page.wait_for_selector(f'html[lang="{lang}"]')
            await page.goto(f"{address}/grievances")
            await page.screenshot(path=f"/tmp/look-list-{lang}-{w}.png", full_page=True)
            await page.goto(f"{address}/grievances/{one.id}")
            for d in await page.locator("details").all():
                await d.evaluate("one => one.open = true") if w == 1366 and lang == "hi" else None
            await page.screenshot(path=f"/tmp/look-one-{lang}-{w}.png", full_page=True)
