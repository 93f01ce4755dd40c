"""The FastAPI service that Chodae replaces, rebuilt from its README: the same four endpoints, tables, and bcrypt in the request.

It used the Prisma client, which sends each query through another process; asyncpg is kinder to it. So are uvloop and httptools.
"""

import os
import uuid
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI, HTTPException
from passlib.context import CryptContext
from pydantic import BaseModel

passwords = CryptContext(schemes=["bcrypt"], bcrypt__rounds=int(os.environ["BCRYPT_COST"]))


class InvitationReq(BaseModel):
    invitation_code: str


class NameReq(BaseModel):
    session_id: str
    name: str
    password: str


class BirthdayReq(BaseModel):
    session_id: str
    birthday: str


class PhoneReq(BaseModel):
    session_id: str
    phone: str


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10)
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=lifespan)


async def find_session(session_id: str):
    session = await app.state.pool.fetchrow('SELECT * FROM "RegisterSession" WHERE "sessionId" = $1', session_id)
    if session is None:
        raise HTTPException(status_code=400, detail="Invalid session")
    return session


@app.post("/auth/invitation/verify")
async def verify(req: InvitationReq):
    invitation = await app.state.pool.fetchrow('SELECT * FROM "Invitation" WHERE code = $1', req.invitation_code)
    if invitation is None or invitation["is_used"]:
        raise HTTPException(status_code=400, detail="Invalid invitation code")
    session_id = uuid.uuid4().hex
    await app.state.pool.execute('INSERT INTO "RegisterSession" ("sessionId", "invitationId") VALUES ($1, $2)', session_id, invitation["id"])
    return {"valid": True, "sessionId": session_id}


@app.put("/auth/register/name")
async def name(req: NameReq):
    await find_session(req.session_id)
    hashed = passwords.hash(req.password)
    await app.state.pool.execute('UPDATE "RegisterSession" SET name = $2, password = $3 WHERE "sessionId" = $1', req.session_id, req.name, hashed)
    return {"ok": True}


@app.put("/auth/register/birthday")
async def birthday(req: BirthdayReq):
    await find_session(req.session_id)
    await app.state.pool.execute('UPDATE "RegisterSession" SET birthday = $2 WHERE "sessionId" = $1', req.session_id, req.birthday)
    return {"ok": True}


@app.put("/auth/register/phone")
async def phone(req: PhoneReq):
    session = await find_session(req.session_id)
    if not (session["name"] and session["password"] and session["birthday"]):
        raise HTTPException(status_code=400, detail="Incomplete registration")
    await app.state.pool.execute('UPDATE "RegisterSession" SET phone = $2 WHERE "sessionId" = $1', req.session_id, req.phone)
    user_id = await app.state.pool.fetchval(
        'INSERT INTO "User" (name, password, birthday, phone, "invitationId") VALUES ($1, $2, $3, $4, $5) RETURNING id',
        session["name"], session["password"], session["birthday"], req.phone, session["invitationId"],
    )
    await app.state.pool.execute('UPDATE "Invitation" SET is_used = true, used_by = $2 WHERE id = $1', session["invitationId"], user_id)
    return {"ok": True, "userId": user_id}
