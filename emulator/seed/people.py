"""The staff of Lindenhall, a maker of exhibition lighting. Every name is invented."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from emulator.tenant import Tenant

DEMO_LOGIN = "ines.falkner"


class Role(NamedTuple):
    """One line of the staff list; the manager is named by login."""

    name: str
    job_title: str
    department: str
    manager: str
    office: str


class Office(NamedTuple):
    """Where people sit."""

    city: str
    state: str
    country: str
    code: str
    street: str
    postal_code: str
    phone: str
    language: str


OFFICES = {
    "BRE": Office("Bremen", "Bremen", "Germany", "DE", "Speicherhof 14", "28217", "+49 421 555 01", "de-DE"),
    "LIS": Office("Lisbon", "Lisboa", "Portugal", "PT", "Rua do Cais 88", "1200-161", "+351 21 555 01", "pt-PT"),
    "LEE": Office(
        "Leeds", "West Yorkshire", "United Kingdom", "GB", "9 Foundry Walk", "LS11 5QP", "+44 113 555 01", "en-GB"
    ),
}

STAFF = (
    Role("Helene Vosskamp", "Chief Executive Officer", "Executive", "", "BRE"),
    Role("Tomasz Ludwin", "Chief Financial Officer", "Finance", "helene.vosskamp", "BRE"),
    Role("Adaeze Mbanefo", "Head of Projects", "Projects", "helene.vosskamp", "BRE"),
    Role("Rui Carvalhal", "Head of Engineering", "Engineering", "helene.vosskamp", "LIS"),
    Role("Priya Nandakumar", "Head of People", "People", "helene.vosskamp", "LEE"),
    Role("Callum Strathie", "Head of Sales", "Sales", "helene.vosskamp", "LEE"),
    Role("Ines Falkner", "Project Lead", "Projects", "adaeze.mbanefo", "BRE"),
    Role("Joonas Rautala", "Project Lead", "Projects", "adaeze.mbanefo", "BRE"),
    Role("Beatriz Quintela", "Project Lead", "Projects", "adaeze.mbanefo", "LIS"),
    Role("Yusuf Demirkan", "Site Manager", "Projects", "ines.falkner", "BRE"),
    Role("Mei-Ling Cheong", "Project Coordinator", "Projects", "ines.falkner", "BRE"),
    Role("Oskar Bjelland", "Lighting Planner", "Projects", "ines.falkner", "BRE"),
    Role("Fatima Zerhouni", "Lighting Planner", "Projects", "joonas.rautala", "BRE"),
    Role("Duarte Salgueiral", "Site Manager", "Projects", "beatriz.quintela", "LIS"),
    Role("Nneka Obiora", "Electronics Engineer", "Engineering", "rui.carvalhal", "LIS"),
    Role("Stefan Hollerbach", "Firmware Engineer", "Engineering", "rui.carvalhal", "BRE"),
    Role("Kavita Deshmane", "Test Engineer", "Engineering", "rui.carvalhal", "LEE"),
    Role("Leandro Fontoura", "Mechanical Designer", "Engineering", "rui.carvalhal", "LIS"),
    Role("Saoirse Kinnane", "Platform Engineer", "Engineering", "rui.carvalhal", "LEE"),
    Role("Marek Slezacek", "Workshop Supervisor", "Engineering", "rui.carvalhal", "BRE"),
    Role("Gerda Wiesinger", "Accountant", "Finance", "tomasz.ludwin", "BRE"),
    Role("Amadou Tounkara", "Controller", "Finance", "tomasz.ludwin", "BRE"),
    Role("Pilar Echenoz", "Purchasing Manager", "Finance", "tomasz.ludwin", "LIS"),
    Role("Rosalind Aubery", "People Partner", "People", "priya.nandakumar", "LEE"),
    Role("Emre Kaplanli", "Recruiter", "People", "priya.nandakumar", "BRE"),
    Role("Tamsin Holloway", "Account Manager", "Sales", "callum.strathie", "LEE"),
    Role("Viktor Samuelsen", "Account Manager", "Sales", "callum.strathie", "BRE"),
    Role("Chiara Bellandi", "Marketing Manager", "Sales", "callum.strathie", "LIS"),
    Role("Noor El Haddadi", "Office Manager", "People", "priya.nandakumar", "BRE"),
    Role("Anton Reichwald", "IT Administrator", "Engineering", "saoirse.kinnane", "BRE"),
    Role("Wanjiru Githaiga", "Legal Counsel", "Executive", "helene.vosskamp", "LEE"),
)


def hire_staff(tenant: Tenant, rng: Random, now: datetime) -> None:
    """Add everyone to the tenant; managers stand before their people in the list."""
    for number, role in enumerate(STAFF, start=1):
        _hire(tenant, role, number, rng, now)
    tenant.demo_person = tenant.person(f"{DEMO_LOGIN}@{tenant.domain}")


def login(name: str) -> str:
    """The part of an address before the at sign."""
    return ".".join(name.lower().split())


def _hire(tenant: Tenant, role: Role, number: int, rng: Random, now: datetime) -> None:
    office = OFFICES[role.office]
    hired = (now - timedelta(days=rng.randint(90, 3600))).replace(hour=0, minute=0, second=0, microsecond=0)
    tenant.add_person(
        role.name,
        user_principal_name=f"{login(role.name)}@{tenant.domain}",
        job_title=role.job_title,
        department=role.department,
        manager_id=tenant.person(f"{role.manager}@{tenant.domain}").id if role.manager else None,
        office_location=f"{role.office}/{rng.randint(1, 4)}{rng.randint(1, 30):02}",
        business_phones=(f"{office.phone}{number:02}",),
        mobile_phone=f"{office.phone[:3].strip()} 555 {rng.randint(100, 999)} {number:03}"
        if rng.random() < 0.7
        else None,
        preferred_language=office.language,
        street_address=office.street,
        city=office.city,
        state=office.state,
        postal_code=office.postal_code,
        country=office.country,
        usage_location=office.code,
        company_name=tenant.display_name,
        employee_id=f"LH{number:04}",
        employee_type="Employee",
        created=hired - timedelta(days=14),
        hired=hired,
    )
