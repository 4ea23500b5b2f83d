"""Products that an organisation of this size has: the ids and names are Microsoft's own, the same in every tenant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """A service inside a product; `to` is what it is applied to."""

    id: str
    name: str
    service: str
    to: str = "User"


@dataclass(frozen=True)
class Product:
    """What is bought in units."""

    id: str
    name: str
    units: int
    plans: tuple[Plan, ...]


_FOUNDATION = Plan("113feb6c-3fe4-4440-bddc-54d774bf0318", "EXCHANGE_S_FOUNDATION", "exchange", "Company")
_EXCHANGE = Plan("efb87545-963c-4e0d-99df-69c6916d9eb0", "EXCHANGE_S_ENTERPRISE", "exchange")
_SHAREPOINT = Plan("5dbe027f-2339-4123-9542-606e4d348a72", "SHAREPOINTENTERPRISE", "SharePoint")
_OFFICE_WEB = Plan("e95bec33-7c88-4a70-8e19-b10bd9d0c014", "SHAREPOINTWAC", "SharePoint")
_TEAMS = Plan("57ff2da0-773e-42df-b2af-ffb7a2317929", "TEAMS1", "TeamspaceAPI")
_SKYPE = Plan("0feaeb32-d00e-4d66-bd5a-43b5b83db82c", "MCOSTANDARD", "MicrosoftCommunicationsOnline")
_OFFICE = Plan("43de0ff5-c92c-492b-9116-175376d08c38", "OFFICESUBSCRIPTION", "MicrosoftOffice")
_PLANNER = Plan("b737dad2-2f6c-4c65-90e3-ca563267e8b9", "PROJECTWORKMANAGEMENT", "ProjectWorkManagement")
_YAMMER = Plan("7547a3fe-08ee-4ccb-b430-5077c5041653", "YAMMER_ENTERPRISE", "YammerEnterprise")
_ENTRA_1 = Plan("41781fb2-bc02-4b7c-bd55-b576c07bb09d", "AAD_PREMIUM", "AADPremiumService")
_ENTRA_2 = Plan("eec0eb4f-6444-4f95-aba0-50c24d67f998", "AAD_PREMIUM_P2", "AADPremiumService")
_INTUNE = Plan("c1ec4a95-1f05-45b3-a911-aa3fa01094f5", "INTUNE_A", "SCO")
_OFFICE_365 = (_EXCHANGE, _SHAREPOINT, _OFFICE_WEB, _TEAMS, _SKYPE, _OFFICE, _PLANNER, _YAMMER)

ENTERPRISE = Product("06ebc4ee-1bb5-47dd-8120-11324bc54e06", "SPE_E5", 60, (*_OFFICE_365, _ENTRA_1, _ENTRA_2, _INTUNE))
OFFICE = Product("6fd2c87f-b296-42f0-b197-1e91e994b900", "ENTERPRISEPACK", 25, _OFFICE_365)
POWER_BI = Product(
    "a403ebcc-fae0-4ca2-8c8c-7a907fd6c235",
    "POWER_BI_STANDARD",
    1_000_000,
    (Plan("2049e525-b859-401b-b2a0-e0a31c4b1fe4", "BI_AZURE_P0", "PowerBI"), _FOUNDATION),
)
FLOW = Product(
    "f30db892-07e9-47e9-837c-80727f46fd3d",
    "FLOW_FREE",
    10_000,
    (Plan("50e68c76-46c6-4674-81f9-75456511b170", "FLOW_P2_VIRAL", "ProcessSimple"), _FOUNDATION),
)
PRODUCTS = (ENTERPRISE, OFFICE, POWER_BI, FLOW)
