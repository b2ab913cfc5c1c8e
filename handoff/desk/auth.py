"""Who is at the desk: sign-in and sign-out, the session cookie, and the guard against forged forms."""

import hashlib
import hmac
import re
import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from core.errors import NotPermitted
from handoff.desk.parts import base_of, desk_of, is_partial, language_of, render
from handoff.officers.errors import NotSignedIn, SignInRefused
from handoff.officers.schemas import SignedIn
from handoff.officers.service import SESSION_LIFE

SESSION_COOKIE = "sahayak_desk"
FORM_COOKIE = "sahayak_desk_form"
router = APIRouter()
_GRIEVANCES = re.compile(r"grievances(?:/[0-9A-Z]{26})?")


class ForgedForm(NotPermitted):
    """A form does not carry the token of the page it should come from."""


async def _signed_in(request: Request, *, acting: bool) -> SignedIn:
    token = request.cookies.get(SESSION_COOKIE, "")
    if not token:
        raise NotSignedIn("no cookie")
    signed_in = await desk_of(request).officers.authenticate(token, acting=acting)
    request.state.language = signed_in.officer.language
    return signed_in


async def _reading(request: Request) -> SignedIn:
    signed_in = await _signed_in(request, acting=not is_partial(request))
    if not signed_in.officer.may_read:
        raise NotPermitted("this role does not read conversations")
    return signed_in


async def _posting(request: Request, csrf: Annotated[str, Form()] = "") -> SignedIn:
    signed_in = await _signed_in(request, acting=True)
    if not hmac.compare_digest(csrf.encode(), signed_in.csrf.encode()):
        raise ForgedForm("csrf")
    return signed_in


Reading = Annotated[SignedIn, Depends(_reading)]
"""Whoever is signed in and may read conversations; what a page fetches by itself keeps no session alive."""
Posting = Annotated[SignedIn, Depends(_posting)]
"""Whoever is signed in and sent a form of ours."""


def _set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(SESSION_LIFE.total_seconds()),
        path=base_of(request) or "/",
        httponly=True,
        samesite="strict",
        secure=desk_of(request).settings.https or request.url.scheme == "https",
    )


def _form_token(request: Request, seed: str) -> str:
    key = desk_of(request).settings.session_key.get_secret_value().encode()
    return hmac.digest(key, b"sign-in\0" + seed.encode(), hashlib.sha256).hex()


def _sign_in_page(request: Request, status: int = 200, problem: str | None = None) -> Response:
    seed = secrets.token_urlsafe(16)
    page = render(request, "sign_in.html", status, token=_form_token(request, seed), problem=problem)
    _set_cookie(request, page, FORM_COOKIE, seed)
    return page


@router.get("/sign-in")
async def show_sign_in(request: Request) -> Response:
    """The sign-in form."""
    return _sign_in_page(request)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    login: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    token: Annotated[str, Form(max_length=200)] = "",
    language: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Begin a session, or say that it did not work."""
    desk = desk_of(request)
    request.state.language = language
    address = request.client.host if request.client else ""
    if not desk.attempts.may_try(address):
        return _sign_in_page(request, 429, "sign_in_too_many")
    seed = request.cookies.get(FORM_COOKIE, "")
    if not seed or not hmac.compare_digest(token.encode(), _form_token(request, seed).encode()):
        return _sign_in_page(request, 403, "form_expired")
    try:
        begun = await desk.officers.sign_in(login, password)
    except SignInRefused:
        return _sign_in_page(request, 401, "sign_in_refused")
    if language and language != begun.signed_in.officer.language and language_of(request) == language:
        await desk.officers.set_language(begun.signed_in.officer.id, language)
    response = RedirectResponse(f"{base_of(request)}/", 303)
    _set_cookie(request, response, SESSION_COOKIE, begun.token)
    response.delete_cookie(FORM_COOKIE, path=base_of(request) or "/")
    return response


@router.post("/sign-out")
async def sign_out(request: Request, signed_in: Posting) -> Response:
    """End the session."""
    await desk_of(request).officers.sign_out(signed_in)
    response = RedirectResponse(f"{base_of(request)}/sign-in?language={language_of(request)}", 303)
    response.delete_cookie(SESSION_COOKIE, path=base_of(request) or "/")
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


@router.post("/language")
async def change_language(
    request: Request,
    signed_in: Posting,
    language: Annotated[str, Form(max_length=8)],
    conversation: Annotated[str, Form(max_length=26)] = "",
    page: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Change the language of the pages."""
    await desk_of(request).officers.set_language(signed_in.officer.id, language)
    address = f"{base_of(request)}/{page}" if _GRIEVANCES.fullmatch(page) else page_of(request, conversation)
    return RedirectResponse(address, 303)


def page_of(request: Request, conversation_id: str) -> str:
    """Address of a conversation's page; of the desk's first page when there is none."""
    return f"{base_of(request)}/c/{conversation_id}" if conversation_id.isalnum() else f"{base_of(request)}/"
