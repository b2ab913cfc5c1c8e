"""Is it really Twilio? The signature over the public address and every parameter."""

from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

from core.errors import ForgedWebhook, MalformedWebhook

Form = ImmutableMultiDict[str, str]


def read_form(body: bytes, content_type: str) -> Form:
    """The parameters of a webhook's body.

    Raises:
        MalformedWebhook: It is not a UTF-8 form.
    """
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() != "application/x-www-form-urlencoded":
        raise MalformedWebhook("Content-Type: expected application/x-www-form-urlencoded")
    if "charset" in parameters.lower() and "utf-8" not in parameters.lower():
        raise MalformedWebhook("Content-Type: expected charset UTF-8")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict", max_num_fields=300
        )
    except ValueError as error:
        raise MalformedWebhook("body: expected a form in UTF-8") from error
    return ImmutableMultiDict(pairs)


class Verifier:
    """Checks signatures.

    Args:
        auth_token: The account's secret.
        public_url: Address of the gateway as Twilio sees it; behind a proxy the request's own address differs.
    """

    def __init__(self, auth_token: str, public_url: str) -> None:
        self._validator = RequestValidator(auth_token)
        self._public_url = public_url

    def verify(self, path_and_query: str, form: Form, signature: str) -> None:
        """Check one request.

        Source: https://www.twilio.com/docs/usage/security#validating-requests

        Raises:
            ForgedWebhook: The signature is missing or wrong.
        """
        if not signature or not self._validator.validate(self._public_url + path_and_query, form, signature):
            raise ForgedWebhook("X-Twilio-Signature does not match")
