"""Each credential of azure-identity leads to the right caller."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.graph_service_client import GraphServiceClient

from tests.clients.conftest import GRAPH, Cloud


async def test_a_device_code_signs_the_person_in(me: GraphServiceClient, cloud: Cloud) -> None:
    user = await me.me.get()
    assert user
    assert (user.id, user.user_principal_name) == (cloud.person.id, cloud.person.upn)


async def test_an_authorization_code_signs_the_colleague_in(them: GraphServiceClient, cloud: Cloud) -> None:
    user = await them.me.get()
    assert user
    assert user.id == cloud.colleague.id


async def test_an_application_reads_people_and_has_no_me(app: GraphServiceClient, cloud: Cloud) -> None:
    user = await app.users.by_user_id(cloud.person.id).get()
    assert user
    assert user.user_principal_name == cloud.person.upn
    with pytest.raises(ODataError) as refused:
        await app.me.get()
    assert refused.value.response_status_code == 400


async def test_a_wrong_secret_is_refused_by_entra(cloud: Cloud) -> None:
    with (
        ClientSecretCredential(cloud.tenant, cloud.app, "wrong", **cloud.place) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        async with cloud.client(credential, [f"{GRAPH}/.default"]) as client:
            await client.users.get()
