"""The pages as they are sent, without a browser."""

from __future__ import annotations

import re
from hashlib import sha256
from html import unescape
from uuid import uuid4

import pytest

from libs.service.static_files import MEDIA_TYPES
from services.analytics.dashboard.live import Watch
from services.analytics.dashboard.render import FOLDER, files
from services.analytics.figures.definitions import FIGURES
from tests.analytics.conftest import MONTHS, NAMES
from tests.analytics.months import Visit, onboarded, practice_id
from tests.harness import Harness

LINK = re.compile(r'href="(/[^"]*)"')


def visible_sum(html: str) -> str:
    found = re.search(r'id="events-sum">([^<]*)<', html)
    assert found
    return found[1]


async def test_every_link_of_the_overview_leads_somewhere(told: Harness) -> None:
    async with told.http() as client:
        overview = await client.get("/")
        links = {unescape(link) for link in LINK.findall(overview.text)}
        assert len(links) > 36  # twelve figures of two practices and of both together
        for link in sorted(links):
            assert (await client.get(link)).status_code == 200, link


async def test_every_figure_of_a_practice_has_its_page_whose_sums_are_its_numbers(
    told: Harness,
) -> None:
    async with told.http() as client:
        for figure in FIGURES:
            for part in figure.parts:
                page = await client.get(
                    f"/practices/{practice_id(NAMES[0])}/figures/{figure.name}",
                    params={"month": "2026-01", "part": part.name},
                )
                assert page.status_code == 200
                assert figure.definition in unescape(page.text)
                worked = re.search(r'class="worked">([^<]*)<', page.text)
                assert worked
                assert visible_sum(page.text) in worked[1], figure.name
                assert "differs" not in page.text


async def test_a_long_list_comes_in_pages(analytics: Harness) -> None:
    visits = [Visit(practice_id(NAMES[0]), MONTHS[0], number) for number in range(120)]
    await analytics.receive(onboarded(NAMES[0]), *[visit.encounter() for visit in visits])
    seen: list[str] = []
    async with analytics.http() as client:
        link: str | None = f"/practices/{practice_id(NAMES[0])}/figures/encounters"
        while link:
            page = (await client.get(link)).text
            seen += re.findall(r'class="id"><code>([^<]*)<', page)
            assert visible_sum(page) == "120"
            older = re.search(r'href="([^"]*)" rel="next">Older', page)
            link = unescape(older[1]) if older else None
    assert len(seen) == len(set(seen)) == 120


async def test_a_foreign_or_missing_practice_or_figure_is_not_found(told: Harness) -> None:
    known = practice_id(NAMES[0])
    async with told.http() as client:
        answers = [
            await client.get(path)
            for path in (
                f"/practices/{uuid4()}",
                f"/practices/{uuid4()}/figures/charges",
                "/practices/nonsense/figures/charges",
                f"/practices/{known}/figures/nonsense",
                f"/practices/{known}/figures/charges?part=nonsense",
            )
        ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert all("text/html" in answer.headers["content-type"] for answer in answers)


async def test_pages_need_a_sign_in_and_are_kept_by_nobody(told: Harness) -> None:
    async with told.http(key=None) as client:
        page = await client.get("/")
        assert (page.status_code, page.headers["location"]) == (303, "/sign-in?next=/")
        refresh = await client.get("/", headers={"HX-Request": "true"})
        assert (refresh.status_code, refresh.headers["hx-redirect"]) == (401, "/sign-in")
    async with told.http() as client:
        page = await client.get("/")
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]


async def test_before_the_first_event_the_page_says_so(analytics: Harness) -> None:
    async with analytics.http() as client:
        page = await client.get("/")
    assert page.status_code == 200
    assert "Nothing has been heard yet" in page.text


async def test_a_practices_name_is_text_and_never_markup(analytics: Harness) -> None:
    name = "<script>alert(1)</script> & Sons"
    visit = Visit(practice_id(name), MONTHS[0], 1)
    await analytics.receive(onboarded(name), visit.encounter())
    async with analytics.http() as client:
        for path in ("/", f"/practices/{visit.practice}", "/practices/all/figures/encounters"):
            page = (await client.get(path)).text
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Sons" in page


async def test_events_that_wait_for_a_person_are_told_of(told: Harness) -> None:
    practice = practice_id(NAMES[0])
    async with told.uow(practice) as uow:
        await uow.db.execute(
            "INSERT INTO parked_event (practice_id, consumer, topic, partition, offset_, key, "
            "headers, parked_at) VALUES ($1, 'analytics.scorecard.g1', 't', 0, 1, 'k', '{}', $2)",
            practice,
            uow.now,
        )
    async with told.http() as client:
        assert "1 event waits for a person" in (await client.get(f"/practices/{practice}")).text
        other = await client.get(f"/practices/{practice_id(NAMES[1])}")
    assert "for a person" not in other.text


async def test_the_month_shown_is_the_latest_with_visits_unless_one_is_asked_for(
    told: Harness,
) -> None:
    booked_ahead = Visit(practice_id(NAMES[0]), MONTHS[-1].replace(month=6), 1)
    await told.receive(booked_ahead.booked())
    async with told.http() as client:
        assert "<small>February 2026</small>" in (await client.get("/")).text
        assert "<small>January 2026</small>" in (await client.get("/?month=2026-01")).text
        assert (await client.get("/?month=January")).status_code == 422


@pytest.mark.parametrize("name", ["htmx.min.js", "hx-sse.min.js"])
def test_vendored_scripts_are_those_that_their_source_was_written_down_for(name: str) -> None:
    digest = sha256((FOLDER / name).read_bytes()).hexdigest()
    assert f"| {name} |" in (FOLDER / "VENDORED.md").read_text()
    assert digest in (FOLDER / "VENDORED.md").read_text()


def test_scripts_weigh_at_most_60_kilobytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.glob("*.js")) <= 60_000


async def test_static_files_are_kept_for_ever_under_their_hash(analytics: Harness) -> None:
    async with analytics.http(key=None) as client:
        for path in FOLDER.iterdir():
            if path.suffix in MEDIA_TYPES:
                answer = await client.get(files.href(path.name))
                assert answer.content == path.read_bytes()
                assert "immutable" in answer.headers["cache-control"]
        assert (await client.get("/static/000000000000/htmx.min.js")).status_code == 404
        assert (await client.get("/static/x/..%2fpages.py")).status_code == 404


async def test_many_open_pages_cost_one_look_at_the_database(told: Harness) -> None:
    seconds = [0.0]
    watch = Watch(told.work, monotonic=lambda: seconds[0])
    first = await watch.look()
    await told.receive(Visit(practice_id(NAMES[0]), MONTHS[0], 99).encounter())
    seconds[0] = 0.4
    assert {await watch.look() for _ in range(50)} == {first}
    assert first.events > 0
    seconds[0] = 0.5
    assert (await watch.look()).events == first.events + 1
