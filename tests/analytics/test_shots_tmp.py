import os
from datetime import date
from pathlib import Path
from tests.analytics.browser import *
from tests.analytics.months import practice_months, practice_id
from services.analytics.figures.model import add_months

OUT = Path("/tmp/analytics-work/shots")
OUT.mkdir(exist_ok=True, parents=True)


async def test_shots(analytics, tmp_path):
    months = [add_months(date(2026, 2, 1), -i) for i in range(9, -1, -1)]
    names = ["Harbor Family Medicine", "Prairie Internists", "Mesa Community Clinic"]
    ev = [
        e
        for i, n in enumerate(names)
        for e in practice_months(n, months[i * 2 :], seed=3, visits=14 + i * 5)
    ]
    print(len(ev))
    import time

    t = time.time()
    await analytics.receive(*ev)
    print(time.time() - t)
    pid = practice_id(names[0])
    paths = {
        "overview": "/",
        "practice": f"/practices/{pid}",
        "figure": f"/practices/{pid}/figures/denial_rate",
        "dar": f"/practices/all/figures/days_in_ar",
    }
    async with served(analytics, tmp_path) as site, chromium() as b:
        for dev, (w, h) in {"desktop": (1280, 900), "phone": (390, 844)}.items():
            for scheme in ("light", "dark"):
                async with looking(
                    b, site, viewport={"width": w, "height": h}, color_scheme=scheme
                ) as l:
                    for n, p in paths.items():
                        if scheme == "dark" and n == "dar":
                            continue
                        await l.go(p)
                        await l.page.wait_for_selector("#freshness[data-state=live]", timeout=8000)
                        await l.page.wait_for_timeout(700)
                        await l.page.screenshot(
                            path=OUT / f"{n}-{dev}-{scheme}.png", full_page=True
                        )
                        print(
                            n,
                            dev,
                            scheme,
                            await l.page.evaluate(
                                "[document.documentElement.scrollWidth, innerWidth]"
                            ),
                            await l.axe(),
                        )
                    print(l.complaints, l.outside())
