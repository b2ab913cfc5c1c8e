"""The typing indicator, which also tells the contact that the message was read."""

from fastapi import APIRouter, Depends, Request

from simulators.dependencies import ProviderHere
from simulators.twilio.errors import TwilioError
from simulators.twilio.gate import FaultHere, authenticate, read_form

router = APIRouter(prefix="/v2/Indicators", dependencies=[Depends(authenticate)])


@router.post("/Typing.json")
async def typing(request: Request, provider: ProviderHere, _fault: FaultHere) -> dict[str, bool]:
    """Show that an answer to a message is being written."""
    form = dict(await read_form(request))
    message = provider.store.message(form.get("messageId", ""))
    if form.get("channel") != "whatsapp" or message is None or not message.inbound:
        raise TwilioError(400, 20001, "messageId and channel=whatsapp are required")
    provider.mark_read(message.contact)
    provider.typing(message.contact)
    return {"success": True}
