import asyncio, time, json
import pytest, uvicorn
from playwright.async_api import async_playwright
from sqlalchemy import text
from bot import gaps
from core.days import danish_day
from store import gaps as stored
from store import progress as places
from tests.browser.conftest import find_chromium
from tests.integration.test_gaps import *  # noqa
from tests.support.scripted_web import free_port
from tests.support.inbox import signed_in
from web.staff import COOKIE
from datetime import timedelta

async def test_shots(services, office):
    chats = await three_ask_about_dogs(services, "tax-card", "find-rental-home")
    await chats["en"].presses("Tell me when you know")
    await asks(await person(services, "late"), "Do I need to tell anybody that my brother, who came with me in May and who has been living with me in a house in Vejle since then without any papers, works there?", "cpr-registration")
    await gaps.group_new(services)
    async with services.database.begin() as c:
        await places.keep(c, {await who(chats["ro"]): places.Place("arrival-week",1,9,danish_day(services.now()),danish_day(services.now())+timedelta(days=3),[])}, now=services.now())
    await suggest(services, text="You can also ask at the library.\n\nThey speak English.", question="Who helps me?")
    await suggest(services, kind="example", topic=None, language="pl", question="Gdzie jest karta?")
    port=free_port()
    config = uvicorn.Config(office.app, host="127.0.0.1", port=port, log_level="error", ws="none")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started: await asyncio.sleep(.05)
    ed=office["Ed"]; token=ed.http.cookies.get(COOKIE)
    number=(await on_board(services))[0].gap.id
    async with async_playwright() as pw:
        b=await pw.chromium.launch(executable_path=find_chromium(pw), args=["--no-sandbox","--disable-gpu"])
        for name,vp,dark in (("desk",{"width":1280,"height":800},False),("phone",{"width":360,"height":740},False),("dark",{"width":1280,"height":800},True)):
            ctx=await b.new_context(viewport=vp,locale="en-GB",color_scheme="dark" if dark else "light")
            await ctx.add_cookies([{"name":COOKIE,"value":token,"url":f"http://127.0.0.1:{port}"}])
            page=await ctx.new_page()
            bad=[]
            page.on("console",lambda m: bad.append(m.text) if m.type in("error","warning") else None)
            for what,path in (("board","/admin/gaps"),("gap",f"/admin/gaps/{number}"),("suggestions","/admin/gaps/suggestions"),("empty","/admin/gaps?status=not_ours")):
                r=await page.goto(f"http://127.0.0.1:{port}{path}")
                assert r.status==200, await r.text()
                await page.screenshot(path=f"/tmp/gapshots/{name}-{what}.png",full_page=True)
                wide=await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                print(name,what,"overflow",wide,bad)
                if name=="desk":
                    from axe_playwright_python.async_playwright import Axe
                    res=await Axe().run(page)
                    print([ (v["id"],v["impact"],[n["html"][:120] for n in v["nodes"]][:3]) for v in res.response["violations"]])
            await ctx.close()
        await b.close()
    server.should_exit=True
    await task

async def test_perf(services, office):
    async with services.database.begin() as c:
        await c.execute(text("""with p as (insert into recruits (id,created_at,seen_at,language,consent,profile) select gen_random_uuid(),now(),now(),'en','given','{}' from generate_series(1,10000) returning id),
        a as (insert into addresses (recruit_id,channel,external_id) select id,'fake',id::text from p returning id)
        insert into conversations (address_id) select id from a"""))
        await c.execute(text("insert into gaps (created_at) select now() from generate_series(1,1500)"))
        await c.execute(text("""insert into unanswered (conversation_id,language,text,candidates,created_at,gap_id)
        select c.id, (array['en','pl','ro','hi'])[1+c.id%4], 'question '||c.id, '["tax-card","find-rental-home"]', now(), (select min(id) from gaps)+(c.id*7919)%1500 from conversations c limit 5000"""))
        await c.execute(text("insert into progress (recruit_id,phase,done,total,next_due,next_legal,late,computed_at) select id,'x',1,2,current_date,current_date+5,'[]',now() from recruits"))
    for q in ({}, {"language":"pl","theme":"tax"}, {"page":"7"}):
        for _ in range(3):
            t=time.perf_counter(); r=await office["Ed"].get(HOME, **q); print(q, r.status_code, round((time.perf_counter()-t)*1000),"ms", len(r.text))
    n=(await on_board(services))[0].gap.id
    for _ in range(3):
        t=time.perf_counter(); r=await office["Ed"].get(f"{HOME}/{n}"); print("gap", r.status_code, round((time.perf_counter()-t)*1000),"ms")
