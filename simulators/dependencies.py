"""What the routes ask for."""

from typing import Annotated

from fastapi import Depends, Request

from simulators.provider import Provider


def the_provider(request: Request) -> Provider:
    """The provider this application serves."""
    provider: Provider = request.app.state.provider
    return provider


ProviderHere = Annotated[Provider, Depends(the_provider)]
