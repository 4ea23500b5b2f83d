"""The company's directory beyond its people: groups, roles, guests, contacts, devices, licences and applications."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from emulator.graph.apps.state import add_application, add_service_principal
from emulator.graph.directory.grants import assign as assign_app_role
from emulator.graph.directory.grants import grant
from emulator.graph.directory.org_contacts import add_contact
from emulator.graph.groups.conversations import (
    SUBSCRIBED,
    open_group_mail,
    start_conversation,
    start_thread,
    write_post,
)
from emulator.graph.groups.keeping import choose_members
from emulator.graph.groups.state import DYNAMIC, UNIFIED, add_group
from emulator.graph.roles.state import administrative_units, grant_role, scope_role
from emulator.graph.users import licences
from emulator.graph.users.products import ENTERPRISE, FLOW, OFFICE, POWER_BI
from emulator.schema import schema
from emulator.seed import outside
from emulator.seed.people import OFFICES
from emulator.store import Entity
from emulator.tenant import Person, Tenant

_FOUNDED = "2021-03-02T08:00:00Z"
_GRAPH = "00000003-0000-0000-c000-000000000000"
_ROLES = {
    "62e90394-69f5-4237-9190-012177145e10": ("Anton Reichwald", "Saoirse Kinnane"),
    "fe930be7-5e62-47db-91af-98c3a49a38b1": ("Priya Nandakumar",),
    "729827e3-9c14-49f7-bb1b-9608f156bbb8": ("Noor El Haddadi",),
    "b0f54661-2d74-4c50-afa3-1ec803f12efe": ("Tomasz Ludwin",),
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451": ("Wanjiru Githaiga",),
}
_HELPDESK = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
_INTUNE = "3a2c62db-5318-420d-8d74-23affee5d9d5"


class Model(NamedTuple):
    """A kind of device."""

    system: str
    version: str
    maker: str
    name: str


class Team(NamedTuple):
    """A Microsoft 365 group: its members are a department, or those named."""

    name: str
    nickname: str
    text: str
    owner: str
    department: str = ""
    names: tuple[str, ...] = ()
    visibility: str = "Private"


class Circle(NamedTuple):
    """A security group of people, or of other groups."""

    name: str
    text: str
    office: str = ""
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


TEAMS = (
    Team("Executive Team", "executive", "Board matters and quarterly reviews.", "Helene Vosskamp", "Executive"),
    Team("Finance", "finance", "Budgets, invoices and purchasing.", "Tomasz Ludwin", "Finance"),
    Team("Projects", "projects", "Everybody who plans and builds exhibitions.", "Adaeze Mbanefo", "Projects"),
    Team("Engineering", "engineering", "Electronics, firmware and mechanics.", "Rui Carvalhal", "Engineering"),
    Team("People and Culture", "people", "Hiring, onboarding and the house.", "Priya Nandakumar", "People"),
    Team("Sales and Marketing", "sales", "Offers, fairs and the web site.", "Callum Strathie", "Sales"),
    Team(
        "Harbour Museum Project", "harbour-museum", "The relighting of the Harbour Museum, with the client.",
        "Ines Falkner", names=("Yusuf Demirkan", "Mei-Ling Cheong", "Oskar Bjelland", "Nneka Obiora"),
    ),
    Team("All Lindenhall", "all", "News for everybody.", "Noor El Haddadi", "*", visibility="Public"),
)  # fmt: skip
CIRCLES = (
    Circle("Access Bremen", "May enter the Bremen office and workshop.", "Bremen"),
    Circle("Access Lisbon", "May enter the Lisbon office.", "Lisbon"),
    Circle("Access Leeds", "May enter the Leeds office.", "Leeds"),
    Circle(
        "Access All Sites", "Everybody who may enter any site.",
        groups=("Access Bremen", "Access Lisbon", "Access Leeds"),
    ),
    Circle(
        "Remote Access", "May connect from outside.", names=("Stefan Hollerbach", "Kavita Deshmane"),
        groups=("Access Leeds",),
    ),
)  # fmt: skip
_RULED = ("Portugal Staff", 'user.country -eq "Portugal" -and user.accountEnabled -eq true')
_ASSIGNABLE = ("Device Administrators", ("Anton Reichwald", "Saoirse Kinnane"))
_LIST = ("Site Managers", "site-managers", ("Yusuf Demirkan", "Duarte Salgueiral"))
_GUESTS = (("Liesbeth Okkerman", "Accepted"), ("Hanna Lorch", "Accepted"), ("Piotr Wanicki", "PendingAcceptance"))
_MODELS = (
    Model("Windows", "10.0.26100.4652", "Lenovo", "ThinkPad T14"),
    Model("Windows", "10.0.26100.4652", "Dell Inc.", "Latitude 7450"),
    Model("MacMDM", "15.5", "Apple", "MacBook Pro"),
    Model("IPhone", "18.5", "Apple", "iPhone 15"),
)
_TALK = (
    ("Welcome to {name}", "<p>This is where we talk about our work. Questions are welcome.</p>"),
    ("Holidays this summer", "<p>Please put your weeks into the calendar before the end of the month.</p>"),
)


def furnish_directory(tenant: Tenant, rng: Random) -> None:
    """Give the company everything that its directory holds beside the staff; the same for the same seed."""
    _Furnisher(tenant, rng).furnish()


class _Furnisher:
    """Makes one thing after the other; ids follow from the tenant and the names."""

    def __init__(self, tenant: Tenant, rng: Random) -> None:
        self.tenant = tenant
        self.rng = rng
        self.staff = {person.display_name: person for person in tenant.people.values()}
        self.groups: dict[str, Entity] = {}

    def furnish(self) -> None:
        """In this order, since later things refer to earlier ones."""
        self.license_staff()
        self.invite_guests()
        self.found_teams()
        self.draw_circles()
        self.special_groups()
        self.give_roles()
        self.divide()
        self.keep_contacts()
        self.hand_out_devices()
        self.register_applications()

    def license_staff(self) -> None:
        """Everybody has one of the two big products, some have a small one."""
        for person in self.staff.values():
            products = [OFFICE if self.rng.random() < 0.3 else ENTERPRISE]
            products += [product for product in (POWER_BI, FLOW) if self.rng.random() < 0.25]
            wishes = [{"skuId": product.id} for product in products]
            if person.get("usageLocation"):
                licences.assign(self.tenant, person, wishes, (), _FOUNDED)

    def invite_guests(self) -> None:
        """People of clients and suppliers who work with us."""
        addresses = {contact.name: contact for contact in outside.CONTACTS}
        for name, state in _GUESTS:
            contact = addresses[name]
            mangled = contact.address.replace("@", "_")
            guest = self.tenant.add_person(
                name,
                has_mailbox=False,
                user_principal_name=f"{mangled}#EXT#@{self.tenant.domain}",
                mail=contact.address,
                company_name=contact.company,
                user_type="Guest",
                creationType="Invitation",
                externalUserState=state,
                externalUserStateChangeDateTime="2025-09-15T10:20:00Z",
                mailNickname=f"{mangled}#EXT#",
                created="2025-09-12T09:05:00Z",
            )
            self.staff[name] = guest

    def found_teams(self) -> None:
        """The departments, a project and the whole house, each with a conversation or two."""
        open_group_mail(self.tenant)
        for team in TEAMS:
            group = self._group(
                team.name,
                description=team.text,
                groupTypes=[UNIFIED],
                mailEnabled=True,
                mailNickname=team.nickname,
                securityEnabled=False,
                visibility=team.visibility,
            )
            members = [self.staff[name] for name in team.names] or self._department(team.department)
            self._fill(group, [self.staff[team.owner], *members], [self.staff[team.owner]])
            group.state[SUBSCRIBED] = {member.id for member in members if self.rng.random() < 0.4}
            self._talk(group, self.staff[team.owner])
        self.groups["Harbour Museum Project"].links_of("members").add(self.staff["Liesbeth Okkerman"])

    def _talk(self, group: Entity, author: Person) -> None:
        for number, (topic, text) in enumerate(_TALK[: self.rng.randint(1, 2)]):
            stamp = f"2025-{self.rng.randint(5, 6):02}-{self.rng.randint(1, 28):02}T0{8 + number}:15:00Z"
            written = topic.format(name=group["displayName"])
            thread = start_thread(self.tenant, start_conversation(self.tenant, group, written, stamp), written, stamp)
            newcomers = [author.address.recipient] if number else []
            body = {"contentType": "html", "content": text}
            write_post(self.tenant, thread, author.address, body, stamp, new_participants=newcomers)

    def draw_circles(self) -> None:
        """Security groups; some hold others."""
        for circle in CIRCLES:
            group = self._group(
                circle.name, description=circle.text, mailNickname=_nickname(circle.name), securityEnabled=True
            )
            people = [self.staff[name] for name in circle.names]
            people += [one for one in self.staff.values() if circle.office and one.city == circle.office]
            self._fill(
                group, [*people, *(self.groups[name] for name in circle.groups)], [self.staff["Anton Reichwald"]]
            )

    def special_groups(self) -> None:
        """One whose members a rule chooses, one that can have a role, and a distribution list."""
        name, rule = _RULED
        ruled = self._group(
            name,
            description="Everybody who is employed in Portugal.",
            groupTypes=[DYNAMIC],
            mailNickname=_nickname(name),
            securityEnabled=True,
            membershipRule=rule,
        )
        choose_members(self.tenant, ruled)
        name, people = _ASSIGNABLE
        group = self._group(name, mailNickname=_nickname(name), securityEnabled=True, isAssignableToRole=True)
        self._fill(group, [self.staff[one] for one in people], [self.staff["Anton Reichwald"]])
        grant_role(self.tenant, _INTUNE, group)
        name, nickname, people = _LIST
        listed = self._group(name, mailNickname=nickname, mailEnabled=True, securityEnabled=False)
        self._fill(listed, [self.staff[one] for one in people], [self.staff["Adaeze Mbanefo"]])

    def give_roles(self) -> None:
        for template_id, names in _ROLES.items():
            for name in names:
                grant_role(self.tenant, template_id, self.staff[name])

    def divide(self) -> None:
        """An administrative unit for each office; the office manager helps out in Bremen."""
        for office in OFFICES.values():
            values = {
                "id": self._id("administrativeUnits", office.city),
                "displayName": office.city,
                "description": f"People and devices of the {office.city} office.",
                "membershipType": "Dynamic",
                "membershipRule": f'user.city -eq "{office.city}"',
                "membershipRuleProcessingState": "On",
            }
            kind = schema().kind("administrativeUnit")
            unit = administrative_units(self.tenant).add(self.tenant.store.entity(kind, values))
            choose_members(self.tenant, unit)
            if office.city == "Bremen":
                helper = self.staff["Noor El Haddadi"]
                scope_role(self.tenant, unit, grant_role(self.tenant, _HELPDESK, helper), helper)

    def keep_contacts(self) -> None:
        """Those outside whom everybody may need."""
        for contact in outside.CONTACTS[3:8]:
            phone = f"+44 113 555 {self.rng.randint(1000, 9999)}"
            kept = add_contact(
                self.tenant,
                contact.name,
                contact.address,
                companyName=contact.company,
                phones=[{"type": "business", "number": phone}],
            )
            self.groups["Sales and Marketing"].links_of("acceptedSenders").add(kept)

    def hand_out_devices(self) -> None:
        """A computer for everybody here, and a phone for some."""
        for number, person in enumerate((one for one in self.staff.values() if one.user_type == "Member"), start=1):
            self._device(person, f"LH-{number:03}", self.rng.choice(_MODELS[:3]))
            if self.rng.random() < 0.3:
                self._device(person, f"{person.given_name}'s iPhone", _MODELS[3])

    def _device(self, person: Person, name: str, model: Model) -> None:
        device_id = self._id("deviceIds", name)
        values: dict[str, Any] = {
            "id": self._id("devices", name),
            "accountEnabled": True,
            "alternativeSecurityIds": [],
            "approximateLastSignInDateTime": f"2026-01-{self.rng.randint(10, 28):02}T07:{self.rng.randint(10, 59)}:00Z",
            "deviceId": device_id,
            "deviceOwnership": "Company",
            "displayName": name,
            "isCompliant": self.rng.random() < 0.9,
            "isManaged": True,
            "manufacturer": model.maker,
            "model": model.name,
            "operatingSystem": model.system,
            "operatingSystemVersion": model.version,
            "physicalIds": [],
            "profileType": "RegisteredDevice",
            "registrationDateTime": _FOUNDED,
            "systemLabels": [],
            "trustType": "AzureAd" if model.system == "Windows" else "Workplace",
        }
        device = self.tenant.store.root("devices").add(self.tenant.store.entity(schema().kind("device"), values))
        device.links_of("registeredOwners").add(person)
        device.links_of("registeredUsers").add(person)

    def register_applications(self) -> None:
        """What the company built itself, and the service that everything talks to."""
        graph = self._principal("Microsoft Graph", _GRAPH)
        for name, owner, uri in (
            ("Exhibition Planner", "Saoirse Kinnane", "planner"),
            ("Invoice Robot", "Amadou Tounkara", "invoices"),
            ("Fixture Telemetry", "Stefan Hollerbach", "telemetry"),
        ):
            role = {
                "id": self._id("appRoles", name),
                "allowedMemberTypes": ["User", "Application"],
                "description": f"May use {name}.",
                "displayName": "User",
                "isEnabled": True,
                "origin": "Application",
                "value": "User",
            }
            application = add_application(
                self.tenant,
                {
                    "id": self._id("applications", name),
                    "appId": self._id("appIds", name),
                    "displayName": name,
                    "identifierUris": [f"api://{uri}.{self.tenant.domain}"],
                    "appRoles": [role],
                    "requiredResourceAccess": [{"resourceAppId": _GRAPH, "resourceAccess": []}],
                },
                _FOUNDED,
            )
            application.links_of("owners").add(self.staff[owner])
            principal = self._principal(name, application["appId"], application)
            principal.links_of("owners").add(self.staff[owner])
            assign_app_role(self.tenant, self.staff[owner], principal, self._id("appRoles", name), _FOUNDED)
            consent = {"clientId": principal.id, "consentType": "AllPrincipals", "resourceId": graph.id}
            grant(self.tenant, {**consent, "scope": "User.Read openid profile"})

    def _principal(self, name: str, app_id: str, application: Entity | None = None) -> Entity:
        values = {"id": self._id("servicePrincipals", name), "appId": app_id, "displayName": name}
        return add_service_principal(self.tenant, values, application)

    def _group(self, name: str, **values: Any) -> Entity:  # noqa: ANN401 - JSON values
        day = f"2021-{self.rng.randint(3, 11):02}-{self.rng.randint(1, 28):02}T09:{self.rng.randint(10, 59)}:00Z"
        group = add_group(self.tenant, {"id": self._id("groups", name), "displayName": name, **values}, day)
        self.groups[name] = group
        return group

    @staticmethod
    def _fill(group: Entity, members: Iterable[Entity], owners: Iterable[Entity]) -> None:
        for name, entities in (("members", members), ("owners", owners)):
            for entity in dict.fromkeys(entities):
                group.links_of(name).add(entity)

    def _department(self, name: str) -> list[Person]:
        members = (one for one in self.staff.values() if one.user_type == "Member")
        return [one for one in members if name in {"*", one.department}]

    def _id(self, root: str, name: str) -> str:
        return str(uuid5(NAMESPACE_URL, f"{self.tenant.id}/{root}/{name}"))


def _nickname(name: str) -> str:
    return name.lower().replace(" ", "-")
