import time, statistics
from sqlalchemy import text
import pytest
from bot import progress
from operations.assemble import web_doors
from tests.support.inbox import add, signed_in
from web.app import create_app
from store import invitations
from store.invitations import Wanted

async def test_perf(services):
    app = create_app(web_doors(services))
    sofie = await signed_in(services, app, await add(services, "Sofie", "admin"))
    async with services.database.begin() as c:
        await c.execute(text("""insert into recruits (id, created_at, seen_at, consent, language, profile) select gen_random_uuid(), :now,
         :now - n * interval '1 minute', case when n%10=0 then 'declined' else 'given' end, (array['pl','da','uk','fil'])[n%4+1], case when n%10=0 then '{}' else jsonb_build_object('name','Person '||n,'arrival',(date '2026-01-01'+ (n%500))::text,'origin','non-eu','occupation','nurse','household','single','kommune',(array['aarhus','odense','aalborg','other'])[n%4+1],'kommune_name','Køge','country','PH','zone','Asia/Manila') end from generate_series(1,10000) n"""), {"now": services.now()})
        await c.execute(text("""insert into task_changes (recruit_id, task, status, day, said_by, batch, created_at) select id, t, 'done', '2026-10-01', 'recruit', gen_random_uuid(), :now from recruits, unnest(array['r-register-cpr','r-tax-card','r-choose-bank']) t where consent='given'"""), {"now": services.now()})
    s=time.time(); print("renew", await progress.renew(services), time.time()-s)
    async with services.database.connect() as c:
        await c.execution_options(isolation_level="AUTOCOMMIT")
        await c.execute(text("analyze"))
    for path in ("/admin/people","/admin/people?sort=late","/admin/people?sort=arrival&page=180","/admin/people?q=son+77","/admin/people?kommune=aarhus&late=1&sort=late","/admin/people?phase=first-year&language=pl"):
        took=[]
        for _ in range(20):
            s=time.perf_counter(); r=await sofie.http.get(path); took.append((time.perf_counter()-s)*1000); assert r.status_code==200
        print(path, round(statistics.median(took)), round(max(took)), len(r.text))
    who=(await (await services.database.connect()).execute(text("select id from recruits where consent='given' limit 1"))).scalar_one()
    took=[]
    for _ in range(20):
        s=time.perf_counter(); r=await sofie.http.get(f"/admin/people/{who}"); took.append((time.perf_counter()-s)*1000); assert r.status_code==200
    print("person", round(statistics.median(took)), round(max(took)))
    async with services.database.begin() as c:
        await invitations.make(c,[Wanted(f"Person {n}", str(n), "pl", {"name":f"Person {n}"}) for n in range(2000)],now=services.now())
    for path in ("/admin/invitations","/admin/invitations/cards"):
        took=[]
        for _ in range(10):
            s=time.perf_counter(); r=await sofie.http.get(path); took.append((time.perf_counter()-s)*1000); assert r.status_code==200
        print(path, round(statistics.median(took)), round(max(took)), len(r.text))
    from web.admin import sheets
    rows=[["Name","Reference","Language","Municipality","Citizenship","Arrival"]]+[[f"Ann Ba{chr(97+n%26)}{chr(97+n//26%26)}{chr(97+n//676)}",f"r{n}","pl","Aarhus","Poland","2027-01-02"] for n in range(2000)]
    for content in (sheets.as_csv(rows), sheets.as_excel(rows)):
        s=time.perf_counter(); r=await sofie.http.post("/admin/invitations/check", data={"csrf": sofie.csrf}, files={"file":("a.csv",content)}); print("check", r.status_code, time.perf_counter()-s, len(r.text))
    import re
    sheet=re.search(r'name="sheet" value="([^"]*)"', r.text)[1]
    s=time.perf_counter(); r=await sofie.send("/admin/invitations/import", sheet=sheet); print("import", r.status_code, time.perf_counter()-s, len(sheet))
    async with services.database.begin() as c: await c.execute(text("delete from invitations"))
