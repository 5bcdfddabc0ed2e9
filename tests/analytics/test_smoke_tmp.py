async def test_smoke(told):
    async with told.http() as c:
        r = await c.get("/scorecards"); print(r.status_code, r.text[:1500])
        for u in ("/", "/practices/all/figures/days_in_ar"):
            r = await c.get(u); print(u, r.status_code, len(r.text), r.text[:300])
        import re
        r = await c.get("/"); links = sorted(set(re.findall(r'href="(/[^"]*)"', r.text)))
        for l in links:
            r = await c.get(l.replace("&amp;","&")); print(l, r.status_code)
