"""An endpoint that returns access tokens to a mobile app. The client secret stays on the server.

pip install kopokopo fastapi uvicorn
k2 sandbox                # in another terminal: prints the variables to export here
APP_SESSIONS=amina=her-session uvicorn tokens:app
curl -X POST -H 'Authorization: Bearer her-session' http://127.0.0.1:8000/k2/token

It returns {"token": "...", "expires_in": 3600}. `expires_in` is the number of seconds left. If Kopo Kopo refuses a token
with 401, the app sends the body {"refused": true} and gets a new token. The app knows that a token was refused if its
token source is called while the last token has more than five minutes left.

Errors: 401 if the user is not signed in. 429 if the user sends too many requests, with the seconds in Retry-After. 503 if
Kopo Kopo returns no token.

Security: a token has all permissions of the application, including sending money, until it expires. A user can extract
it from the app. Use this endpoint for trusted users only, such as staff and partners. For other users the backend must
create the payments itself. Serve the endpoint over https only. Each process has its own token and its own counts: run
one process, or store the counts in a shared place.
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

MAX_REQUESTS, PERIOD = 6, 60  # the number of requests of each user within this number of seconds
REFUSAL_PAUSE = 5  # "refused" fetches a new token at most once in this number of seconds, for all users
RENEWED_BEFORE = 600  # a token is renewed this number of seconds before it expires
MAX_BODY = 1000  # bytes

log = logging.getLogger("tokens")
app = FastAPI(openapi_url=None)
k2 = AsyncKopoKopo.from_env().with_options(timeout=8)  # seconds; the app waits ten seconds
sessions = dict(pair.split("=", 1) for pair in os.environ.get("APP_SESSIONS", "").split(",") if "=" in pair)


@app.middleware("http")
async def disable_caching(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    response.headers["Cache-Control"] = "no-store"
    return response


async def signed_in(request: Request) -> str:
    """Returns the user of a request. Replace this with the sign-in of your app, which also refuses blocked users."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    user = None
    if scheme.lower() == "bearer":
        for name, session in sessions.items():  # all sessions, in constant time, against timing attacks
            if session and secrets.compare_digest(session.encode(), credential.strip().encode()):
                user = name
    if user is None:
        raise HTTPException(401, "sign in first", {"WWW-Authenticate": "Bearer"})
    return user


class CachedToken(NamedTuple):
    token: Token  # its repr hides the secret
    renew_at: float
    expires_at: float


class UserState:
    """The recent requests and the last token of a user."""

    def __init__(self) -> None:
        self.requests: deque[float] = deque()
        self.last_token: CachedToken | None = None

    def count_request(self) -> None:
        now = monotonic()
        while self.requests and self.requests[0] <= now - PERIOD:
            self.requests.popleft()
        if len(self.requests) >= MAX_REQUESTS:
            raise too_many_requests(self.requests[0] + PERIOD - now)
        self.requests.append(now)


class TokenCache:
    """One token for all users. It is cached until shortly before it expires. Parallel requests share one fetch."""

    def __init__(self) -> None:
        self._cached: CachedToken | None = None
        self._fetching: asyncio.Task[CachedToken] | None = None
        self._refusals_allowed_from = 0.0

    async def get(self, refused: CachedToken | None) -> CachedToken:
        """Returns a token other than the refused one. If the refused token was replaced already, fetches nothing."""
        now = monotonic()
        if self._fetching is None:
            is_refused = refused is not None and refused is self._cached
            if not is_refused and self._cached and now < self._cached.renew_at:
                return self._cached
            if is_refused:
                if now < self._refusals_allowed_from:
                    raise too_many_requests(self._refusals_allowed_from - now)
                self._refusals_allowed_from = now + REFUSAL_PAUSE
            self._fetching = asyncio.create_task(self._fetch())
        try:
            # All callers share the fetch. shield() keeps it running if one caller is cancelled.
            return await asyncio.shield(self._fetching)
        except KopoKopoError:
            # A failed renewal is no error while the old token is valid.
            if self._cached and self._cached is not refused and monotonic() < self._cached.expires_at:
                return self._cached
            raise HTTPException(503, "no token available") from None

    async def _fetch(self) -> CachedToken:
        started = monotonic()
        try:
            token = await k2.oauth.token()
            lifetime = token.expires_in or 3600
            self._cached = CachedToken(
                token, started + lifetime - min(RENEWED_BEFORE, lifetime / 4), started + lifetime
            )
            return self._cached
        except KopoKopoError as error:
            log.warning("Kopo Kopo returned no token: %s", error.kind)
            raise
        finally:
            self._fetching = None


tokens = TokenCache()
users: defaultdict[str, UserState] = defaultdict(UserState)  # for signed-in users only


@app.post("/k2/token")
async def token(user: Annotated[str, Depends(signed_in)], request: Request) -> dict[str, str | int]:
    state = users[user]
    state.count_request()
    refused = state.last_token if await is_refusal(request) else None
    state.last_token = cached = await tokens.get(refused)
    seconds_left = max(0, int(cached.expires_at - monotonic()))
    log.info("returned a token to %s, %d s left", user, seconds_left)
    return {"token": cached.token.access_token, "expires_in": seconds_left}


async def is_refusal(request: Request) -> bool:
    """Returns whether the body says that the last token was refused."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise HTTPException(413, "body too large")
    try:
        content = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise HTTPException(400, "invalid JSON") from None
    return isinstance(content, dict) and content.get("refused") is True


def too_many_requests(seconds: float) -> HTTPException:
    return HTTPException(429, "too many requests", {"Retry-After": str(max(1, math.ceil(seconds)))})
