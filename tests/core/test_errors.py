"""The tree of errors: drawn as it is, each with what it needs to say."""

import inspect
from collections.abc import Iterator

import core.errors
from core.errors import InvalidInput, RetryableDelivery, SahayakError, TooMany, WebhookError


def walk(root: type[BaseException]) -> Iterator[type[BaseException]]:
    yield root
    for child in root.__subclasses__():
        yield from walk(child)


def test_the_drawing_shows_every_error_of_the_module() -> None:
    drawing = core.errors.__doc__ or ""
    ours = {cls.__name__ for cls in walk(SahayakError) if cls.__module__ == "core.errors"}
    drawn = {word for word in drawing.replace("─", " ").split() if word in ours}
    assert drawn == ours


def test_every_error_of_the_module_is_ours() -> None:
    classes = [cls for _, cls in inspect.getmembers(core.errors, inspect.isclass) if issubclass(cls, BaseException)]
    assert all(issubclass(cls, SahayakError) for cls in classes)


def test_statuses_of_refused_webhooks() -> None:
    statuses = {cls.__name__: cls.http_status for cls in WebhookError.__subclasses__()}
    assert statuses == {"UnsupportedWebhookEvent": 200, "ForgedWebhook": 403, "MalformedWebhook": 400}


def test_what_errors_carry() -> None:
    assert str(InvalidInput("pincode", "six digits")) == "pincode: expected six digits"
    assert TooMany("full", retry_after=60).retry_after == 60
    assert RetryableDelivery("20429", retry_after=5).retry_after == 5
    assert RetryableDelivery("20429").retry_after is None
    assert str(RetryableDelivery("20429")) == "20429"
