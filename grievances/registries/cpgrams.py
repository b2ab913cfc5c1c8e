"""Talks to CPGRAMS, or to what stands in for it: signs, asks, believes only signed answers, and says what went wrong.

The interface is an assumption of ours (docs/decisions/0011-cpgrams-stand-in.md); it is kept in this module alone.
"""

import asyncio
import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from pydantic import TypeAdapter, ValidationError

from core import log
from core.errors import RetryableDelivery, UncertainDelivery
from grievances.registries.base import (
    ClosingReport,
    ExternalStatus,
    RegistryFields,
    RegistryGrievance,
    RegistryStatus,
    UnreadableGrievance,
)
from grievances.registries.errors import (
    AlreadyClosed,
    AlreadyRegistered,
    AnswerUnusable,
    RegistryBusy,
    RegistryRefused,
    UnknownNumber,
)
from grievances.registries.settings import CpgramsSettings

_LOG = log.get(__name__)
NUMBER = re.compile(r"[A-Z]{2,10}/[EP]/\d{4}/\d{7}", re.ASCII)
"""``ORGCODE/E/YYYY/NNNNNNN``.

Source: GOVUP/E/2023/0031647 as printed in
https://www.yogi.systems/2023/05/government-staff-are-itself-promoters.html (2023-05); P is from memory.
"""
_BASE = "/cpgrams/v1"
_MOST_BYTES = 4 * 1024 * 1024
_MOST_PAGES = 500
_PAGE = 100
_LONGEST_REST = 3600.0
_MOST_SKEW = 86400.0
_MOMENT = TypeAdapter(datetime)


def is_number(text: str) -> bool:
    """Whether the text has the form of a registration number."""
    return NUMBER.fullmatch(text) is not None


def _seconds(retry_after: str | None, wall: float) -> float | None:
    """What a ``Retry-After`` header asks for, in seconds; nonsense counts as nothing said."""
    given = (retry_after or "").strip()
    if given.isdecimal() and len(given) <= 6:
        return float(given)
    try:
        return max(parsedate_to_datetime(given).timestamp() - wall, 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


class _Answer:
    """An answer of the registry: status, whether it is proven, and its document."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes, *, proven: bool) -> None:
        self.status, self.headers, self.proven = status, headers, proven
        self.document = _document(body)

    @property
    def error(self) -> dict[str, Any]:
        """What a refusal says."""
        found = self.document.get("error")
        return found if isinstance(found, dict) else {}

    @property
    def code(self) -> str:
        """The registry's own code of a refusal, or the status."""
        code = self.error.get("code")
        return code[:40] if isinstance(code, str) and re.fullmatch(r"[a-z_]{1,40}", code) else str(self.status)


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


class CpgramsClient:
    """A `grievances.registries.base.GrievanceRegistry`; must be made inside the running loop.

    Args:
        settings: Address and secret.
        wall: The machine's time in seconds: signatures follow the real time, whatever a test's clock says.
    """

    def __init__(self, settings: CpgramsSettings, *, wall: Callable[[], float] = time.time) -> None:
        self._settings, self._wall = settings, wall
        self._path = urlsplit(settings.url).path + _BASE
        self._skew = 0.0
        self._rest_until = 0.0
        self._http = httpx.AsyncClient(
            base_url=f"{urlsplit(settings.url).scheme}://{urlsplit(settings.url).netloc}",
            timeout=httpx.Timeout(settings.timeout, connect=min(settings.timeout, 3.0)),
            trust_env=False,
            follow_redirects=False,
            # A connection that the other side closed while it lay idle looks like one cut after the request.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def aclose(self) -> None:
        """See `grievances.registries.base.GrievanceRegistry.aclose`."""
        await self._http.aclose()

    async def register(self, fields: RegistryFields) -> str:
        """See `grievances.registries.base.GrievanceRegistry.register`."""
        body = fields.model_dump(mode="json", exclude_none=True)
        answer = await self._call("POST", "/grievances", {**body, "organisation": self._settings.organisation})
        if answer.status == httpx.codes.CONFLICT and answer.code == "already_registered":
            raise AlreadyRegistered(_number(answer.error))
        _expect(answer, httpx.codes.CREATED)
        return _number(answer.document)

    async def find(self, client_reference: str) -> list[RegistryStatus]:
        """See `grievances.registries.base.GrievanceRegistry.find`."""
        answer = await self._ask("/grievances", {"client_reference": client_reference})
        _expect(answer, httpx.codes.OK)
        listed = answer.document.get("grievances")
        if not isinstance(listed, list):
            raise RetryableDelivery("answer", "no list in it")
        found = [_status(one) for one in listed]
        if any(one.client_reference != client_reference for one in found):
            raise RetryableDelivery("answer", "of another reference")
        return found

    async def status(self, number: str) -> RegistryStatus:
        """See `grievances.registries.base.GrievanceRegistry.status`."""
        answer = await self._ask("/grievances/status", {"registration_number": number})
        if answer.status == httpx.codes.NOT_FOUND and answer.code == "unknown_number":
            raise UnknownNumber
        _expect(answer, httpx.codes.OK)
        found = _status(answer.document)
        if found.number != number:
            raise RetryableDelivery("answer", "of another number")
        return found

    async def pull(self, since: datetime) -> AsyncIterator[RegistryGrievance | UnreadableGrievance]:
        """See `grievances.registries.base.GrievanceRegistry.pull`."""
        query = {"since": since.isoformat(), "page_size": str(_PAGE)}
        seen: set[str] = set()
        for _ in range(_MOST_PAGES):
            answer = await self._ask("/grievances/received", query)
            _expect(answer, httpx.codes.OK)
            listed = answer.document.get("grievances")
            if not isinstance(listed, list):
                raise RetryableDelivery("answer", "no list in it")
            for one in listed:
                yield _received(one)
            token = answer.document.get("next_page_token")
            if token is None:
                return
            if not isinstance(token, str) or token in seen:
                break
            seen.add(token)
            query["page_token"] = token
        raise RetryableDelivery("pages", "the list has no end")

    async def close_grievance(self, report: ClosingReport) -> None:
        """See `grievances.registries.base.GrievanceRegistry.close_grievance`."""
        body = report.model_dump(mode="json", exclude={"number"}) | {"registration_number": report.number}
        answer = await self._call("POST", "/grievances/closure", body)
        if answer.status == httpx.codes.CONFLICT and answer.code == "already_closed":
            raise AlreadyClosed
        if answer.status == httpx.codes.NOT_FOUND and answer.code == "unknown_number":
            raise UnknownNumber
        _expect(answer, httpx.codes.OK)
        if answer.document.get("registration_number") != report.number:
            raise AnswerUnusable("answer", "of another number")

    async def _ask(self, path: str, query: dict[str, str]) -> _Answer:
        """Ask without changing anything: whatever goes wrong, it may be asked again."""
        try:
            return await self._call("GET", path, query=query)
        except UncertainDelivery as error:
            raise RetryableDelivery(error.code) from error

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None = None, query: dict[str, str] | None = None
    ) -> _Answer:
        rest = self._rest_until - self._wall()
        if rest > 0:
            raise RegistryBusy("resting", retry_after=rest)
        answer = await self._once(method, path, body, query)
        if answer.code == "clock_skew" and answer.proven and self._learn_time(answer):
            # The registry refused before it read anything, and said so under its signature: once more, on its time.
            answer = await self._once(method, path, body, query)
        self._check(answer)
        return answer

    def _learn_time(self, answer: _Answer) -> bool:
        """Take over the registry's time; whether it was believable."""
        theirs = answer.error.get("server_time")
        if isinstance(theirs, bool) or not isinstance(theirs, int):
            return False
        skew = theirs - self._wall()
        if abs(skew) > _MOST_SKEW:
            return False
        _LOG.warning("registry.clock_skew", seconds=round(skew))
        self._skew = skew
        return True

    def _check(self, answer: _Answer) -> None:
        """Turn what is no answer to the question into our errors.

        Raises:
            RegistryBusy: Nothing was done: too many, down, or our signature is not accepted.
            AnswerUnusable: It failed there, or somebody else answered, and it may have been done.
        """
        wait = self._rest(answer)
        # A proxy may answer 503 after it has handed the request on; only the registry's own word counts.
        down = answer.status == httpx.codes.SERVICE_UNAVAILABLE and answer.proven
        if answer.status == httpx.codes.TOO_MANY_REQUESTS or down:
            raise RegistryBusy(answer.code, retry_after=wait)
        if answer.status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            # Whoever cannot prove himself gets no signed answer. Mending the secret sets everything going again.
            raise RegistryBusy(answer.code)
        if not answer.proven:
            raise AnswerUnusable("unsigned", str(answer.status))
        if answer.status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise AnswerUnusable(answer.code, str(answer.status))

    def _rest(self, answer: _Answer) -> float | None:
        """Leave the registry alone for as long as it asks; the seconds."""
        if answer.status not in {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}:
            return None
        wait = _seconds(answer.headers.get("Retry-After"), self._wall())
        if wait is not None:
            wait = min(wait, _LONGEST_REST)
            self._rest_until = self._wall() + wait
        return wait

    async def _once(self, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str] | None) -> _Answer:
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        nonce = secrets.token_urlsafe(24)
        request = self._http.build_request(
            method, self._path + path, params=query, content=content, headers={"Content-Type": "application/json"}
        )
        request.headers.update(self._signature(method, request.url.raw_path.decode("ascii"), nonce, content))
        try:
            async with asyncio.timeout(self._settings.timeout):
                response = await self._http.send(request, stream=True)
                try:
                    received = await _read(response)
                finally:
                    await response.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise RegistryBusy("connection") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise UncertainDelivery(type(error).__name__) from error
        proven = self._proves(response, nonce, received)
        return _Answer(response.status_code, response.headers, received, proven=proven)

    def _hmac(self, *lines: str) -> str:
        secret = self._settings.secret.get_secret_value()
        return hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()

    def _signature(self, method: str, target: str, nonce: str, content: bytes) -> dict[str, str]:
        stamp = str(int(self._wall() + self._skew))
        return {
            "X-Client-Id": self._settings.client_id,
            "X-Timestamp": stamp,
            "X-Nonce": nonce,
            "X-Signature": self._hmac(method, target, stamp, nonce, hashlib.sha256(content).hexdigest()),
        }

    def _proves(self, response: httpx.Response, nonce: str, received: bytes) -> bool:
        """Whether the answer is the registry's, and to this very request."""
        stamp, given = response.headers.get("X-Timestamp", ""), response.headers.get("X-Signature", "")
        right = self._hmac(nonce, str(response.status_code), stamp, hashlib.sha256(received).hexdigest())
        return hmac.compare_digest(given.encode(), right.encode())


async def _read(response: httpx.Response) -> bytes:
    content = bytearray()
    async for part in response.aiter_bytes():
        content += part
        if len(content) > _MOST_BYTES:
            raise AnswerUnusable("too_large")
    return bytes(content)


def _expect(answer: _Answer, status: int) -> None:
    """Let only the expected status pass.

    Raises:
        RegistryRefused: The registry refused.
        AnswerUnusable: It answered in a way that was not agreed.
    """
    if answer.status == status:
        return
    if httpx.codes.is_client_error(answer.status):
        fields = answer.error.get("fields")
        named = tuple(sorted(str(name)[:60] for name in fields))[:8] if isinstance(fields, dict) else ()
        raise RegistryRefused(answer.code, named)
    raise AnswerUnusable(answer.code, str(answer.status))


def _number(document: Mapping[str, Any]) -> str:
    number = document.get("registration_number")
    if not isinstance(number, str) or not is_number(number):
        raise AnswerUnusable("number_format")
    return number


def _status(document: Any) -> RegistryStatus:
    """Read where a grievance stands.

    Raises:
        RetryableDelivery: It cannot be read.
    """
    if not isinstance(document, dict):
        raise RetryableDelivery("answer", "not a status")
    try:
        return RegistryStatus(
            number=_number(document),
            client_reference=str(document.get("client_reference") or ""),
            status=_known(document.get("status")),
            at=_MOMENT.validate_python(document.get("status_at")),
            officer=str(document.get("officer") or "")[:200],
            remarks=str(document.get("remarks") or "")[:4000],
            closed_by=document.get("closed_by"),
        )
    except (ValidationError, AnswerUnusable) as error:
        raise RetryableDelivery("number_format" if isinstance(error, AnswerUnusable) else "answer") from error


def _known(status: Any) -> ExternalStatus:
    try:
        return ExternalStatus(status)
    except ValueError:
        return ExternalStatus.OTHER


def _received(document: Any) -> RegistryGrievance | UnreadableGrievance:
    """Read a grievance that was filed there; what cannot be read is handed on as it is."""
    if not isinstance(document, dict):
        return UnreadableGrievance(raw=document, problem="shape")
    try:
        return RegistryGrievance(**{**document, "status": _known(document.get("status")), "number": _number(document)})
    except AnswerUnusable:
        return UnreadableGrievance(raw=document, problem="number_format")
    except (ValidationError, TypeError) as error:
        names = _names(error) if isinstance(error, ValidationError) else "shape"
        return UnreadableGrievance(raw=document, problem=names)


def _names(error: ValidationError) -> str:
    places = [".".join(str(part) for part in one["loc"]) for one in error.errors(include_input=False)]
    return ", ".join(sorted(set(places)))[:200]
