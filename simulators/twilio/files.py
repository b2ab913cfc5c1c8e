"""Where a media download is led to: the file behind a short-lived link."""

from fastapi import APIRouter, Response

from simulators.dependencies import ProviderHere
from simulators.twilio.errors import TwilioError, not_found

router = APIRouter()


@router.get("/files/{sid}")
async def download(provider: ProviderHere, sid: str, until: int, seal: str) -> Response:
    """Hand out the file a link leads to."""
    if not provider.links.valid(sid, until, seal):
        raise TwilioError(403, 20403, "Forbidden")
    file = provider.store.media(sid)
    if file is None:
        raise not_found(f"/files/{sid}")
    return Response(
        file.data,
        media_type=file.content_type,
        headers={"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"},
    )
