"""Pictures as a page has them: in itself, as ``data:`` URIs."""

from base64 import b64encode
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


def png_uri(png: bytes) -> str:
    """A PNG as it is."""
    return f"data:image/png;base64,{b64encode(png).decode()}"


def jpeg_uri(picture: "Image.Image", quality: int) -> str:
    """A picture as a JPEG of this quality, 1 to 95."""
    content = BytesIO()
    picture.save(content, "JPEG", quality=quality)
    return f"data:image/jpeg;base64,{b64encode(content.getvalue()).decode()}"
