"""Short words for what every suite says to the SDK."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any, TypeVar
from uuid import uuid4

from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.recipient import Recipient
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import PageIterator
from msgraph_core.tasks import LargeFileUploadTask

T = TypeVar("T")


def sure(value: T | None) -> T:
    """What the SDK only says may be there, and is."""
    assert value is not None
    return value


def asking(query: Any = None, **headers: str) -> RequestConfiguration[Any]:
    """Query parameters and headers of one request; an underscore in a header's name is a hyphen."""
    wanted = HeadersCollection()
    for name, value in headers.items():
        wanted.add(name.replace("_", "-"), value)
    return RequestConfiguration(query_parameters=query, headers=wanted)


def unique(words: str) -> str:
    """A name that no other test uses."""
    return f"{words} {uuid4().hex[:12]}"


def to(*addresses: str) -> list[Recipient]:
    return [Recipient(email_address=EmailAddress(address=address)) for address in addresses]


def text(content: str) -> ItemBody:
    return ItemBody(content_type=BodyType.Text, content=content)


def moment(days: int, hour: int = 9) -> datetime:
    """A full hour, so many days from now, in UTC."""
    return (datetime.now(UTC) + timedelta(days=days)).replace(hour=hour, minute=0, second=0, microsecond=0)


def zoned(when: datetime) -> DateTimeTimeZone:
    return DateTimeTimeZone(date_time=when.strftime("%Y-%m-%dT%H:%M:%S"), time_zone="UTC")


def code_of(refused: ODataError) -> str:
    code: str = sure(sure(refused.error).code)
    return code


async def everything(client: GraphServiceClient, first_page: Any) -> list[Any]:
    """All items of all pages, as the SDK's iterator finds them."""
    found: list[Any] = []

    def keep(item: Any) -> bool:
        found.append(item)
        return True

    await PageIterator(first_page, client.request_adapter).iterate(keep)
    return found


async def upload(client: GraphServiceClient, session: Any, content: bytes, slice_size: int, kind: Any) -> None:
    """Send it with the SDK's own task, which puts the last slice twice; a refusal of the second is no matter."""
    with suppress(APIError):
        await LargeFileUploadTask(session, client.request_adapter, BytesIO(content), kind, slice_size).upload()


def names(items: Iterable[Any] | None) -> list[str]:
    return [item.name for item in sure(items)]
