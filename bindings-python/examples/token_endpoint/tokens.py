"""The endpoint where a mobile app gets its access token: the secret stays here.

pip install kopokopo fastapi uvicorn
k2 sandbox                # in another terminal: prints what to export here
APP_SESSIONS=amina=her-session uvicorn tokens:app
curl -X POST -H 'Authorization: Bearer her-session' http://127.0.0.1:8000/k2/token

It returns {"token": "...", "expires_in": 3600}: the seconds that are left. After a 401 from Kopo Kopo the app asks with
the body {"refused": true} and gets another token. An app knows that from being asked for a token although its last one
has more than five minutes left. 401: not signed in. 429: too often, Retry-After says when. 503: no token to be had.

The limit of this: Kopo Kopo has no narrower token. A user who takes one out of an app may do what the application may,
sending money included, until it expires. So this is for people you know, staff and partners; where the users are
not trusted, the backend makes the payment itself. Serve it over https only. Each process keeps a token and counts of its
own: run one, or count somewhere common.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import os
import secrets
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Annotated, NamedTuple

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from kopokopo import AsyncKopoKopo, KopoKopoError, Token

ASKS, WITHIN = 6, 60  # each user may ask so often within so many seconds
REFUSAL_PAUSE = 5  # "refused" makes a new token at most once in this number of seconds, for all users
RENEWED_BEFORE = 600  # a token with less life than that is not handed out while there are new ones
BODY = 1000

log = logging.getLogger("tokens")
app = FastAPI(openapi_url=None)
k2 = AsyncKopoKopo.from_env().with_options(timeout=8)  # an app waits ten seconds
sessions = dict(pair.split("=", 1) for pair in os.environ.get("APP_SESSIONS", "").split(",") if "=" in pair)


@app.middleware("http")
async def kept_nowhere(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers["Cache-Control"] = "no-store"
    return response


async def signed_in(request: Request) -> str:
    """The user of a request. Replace this with your app's own sign-in, which also refuses blocked users."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    user = None
    if scheme.lower() == "bearer":
        for name, session in sessions.items():  # all of them, in constant time: how long it takes tells nothing
            if session and secrets.compare_digest(session.encode(), given.strip().encode()):
                user = name
    if user is None:
        raise HTTPException(401, "sign in first", {"WWW-Authenticate": "Bearer"})
    return user


class Kept(NamedTuple):
    token: Token  # its repr hides the secret
    renew: float
    ends: float


class Asker:
    """What is known of a user."""

    def __init__(self) -> None:
        self.asks: deque[float] = deque()
        self.given: Kept | None = None

    def count(self) -> None:
        now = monotonic()
        while self.asks and self.asks[0] <= now - WITHIN:
            self.asks.popleft()
        if len(self.asks) >= ASKS:
            raise later(self.asks[0] + WITHIN - now)
        self.asks.append(now)


class Tokens:
    """One token for all users: kept until shortly before it expires, fetched once regardless of how many ask."""

    def __init__(self) -> None:
        self._kept: Kept | None = None
        self._fetching: asyncio.Task[Kept] | None = None
        self._refusals_from = 0.0

    async def get(self, refused: Kept | None) -> Kept:
        """A token other than the refused one. Where that has been replaced already, nothing is fetched."""
        now = monotonic()
        if self._fetching is None:
            is_refused = refused is not None and refused is self._kept
            if not is_refused and self._kept and now < self._kept.renew:
                return self._kept
            if is_refused:
                if now < self._refusals_from:
                    raise later(self._refusals_from - now)
                self._refusals_from = now + REFUSAL_PAUSE
            self._fetching = asyncio.create_task(self._fetch())
        try:
            # All callers share the fetch: a caller that is cancelled does not cancel it for the others.
            return await asyncio.shield(self._fetching)
        except KopoKopoError:
            # A renewal that fails does no harm while the old token lives.
            if self._kept and self._kept is not refused and monotonic() < self._kept.ends:
                return self._kept
            raise HTTPException(503, "no token now") from None

    async def _fetch(self) -> Kept:
        began = monotonic()
        try:
            token = await k2.oauth.token()
            life = token.expires_in or 3600
            self._kept = Kept(token, began + life - min(RENEWED_BEFORE, life / 4), began + life)
            return self._kept
        except KopoKopoError as error:
            log.warning("Kopo Kopo gave no token: %s", error.kind)  # the kind says what to look into
            raise
        finally:
            self._fetching = None


tokens = Tokens()
askers: defaultdict[str, Asker] = defaultdict(Asker)  # one for each user: requests without a session do not get here


@app.post("/k2/token")
async def token(user: Annotated[str, Depends(signed_in)], request: Request) -> dict[str, str | int]:
    asker = askers[user]
    asker.count()
    refused = asker.given if await says_refused(request) else None
    asker.given = kept = await tokens.get(refused)
    left = max(0, int(kept.ends - monotonic()))
    log.info("a token for %s, %d s left", user, left)
    return {"token": kept.token.access_token, "expires_in": left}


async def says_refused(request: Request) -> bool:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > BODY:
            raise HTTPException(413, "too much")
    try:
        said = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise HTTPException(400, "not JSON") from None
    return isinstance(said, dict) and said.get("refused") is True


def later(seconds: float) -> HTTPException:
    return HTTPException(429, "too often", {"Retry-After": str(max(1, math.ceil(seconds)))})
