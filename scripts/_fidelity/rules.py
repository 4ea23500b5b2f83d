"""The leniencies: where an answer may differ from the sample, each with its name and its reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

RULES = {
    "created-200": "The sample shows 200 for a creation that Graph answers with 201.",
    "silent-200": "The sample shows 200 without a body for a call that Graph answers with 202 or 204.",
    "read-201": "The sample shows 201 for a GET, which makes nothing; Graph answers 200.",
    "dangling-option": "The sample's query has an option without a value, which is no option; it is not sent.",
    "lost-header": "The sample's source dropped a header (ConsistencyLevel, Prefer) that its answer shows; it is sent.",
    "refined-permission": "The service wants a permission beyond those of the operation; the sample's caller had it.",
    "shown-when-selected": "The sample shows a property that its type shows only when selected; $select gives it.",
    "member-for-list": "The sample shows a member of a list without the list around it.",
    "other-case": "The sample spells a property in another case than the metadata does.",
    "own-keys": "The sample shows keys that a customer put into an open type; nobody put them here.",
    "gone-from-metadata": "The sample shows or sends a property that today's metadata does not declare for the type.",
    "not-expanded": "The sample shows a relation inline that the request neither expands nor sends.",
    "not-selected": "The sample shows properties beside those that its $select names.",
    "by-metadata": "The sample has another JSON type than the metadata says, and the answer follows the metadata.",
    "deleted-shown": "The sample shows a removed member in a round in which nothing was removed here.",
    "placeholder": "The sample has a placeholder where a value of another JSON type belongs.",
    "legacy-annotation": "The sample has an annotation of an older service or of full metadata (editLink and kin).",
    "same-type-named": "The sample names the type of a thing although the place says it already.",
    "unreadable-body": "The sample's body is text that cannot be repaired into JSON; only the status counts.",
    "text-body": "The sample's body is text or bytes; the answer is not JSON either.",
    "page-links": "The sample is another page of the list: nextLink and deltaLink stand for one another.",
    "denied-part": "A part of a batch that the sample's caller was denied; here the caller may do everything.",
    "invented-body": "The request's body is not known; of what was sent instead only the presence is read back.",
    "part-not-covered": "A part of a batch is for a service that the emulator does not have; only the others count.",
    "error-details": "The sample's error has inner errors, a target or details that the service does not send.",
    "not-read-back": "What was written, or deleted, cannot be read at its own address; it is not read back.",
    "secret": "A secret that was sent is not shown when the thing is read back.",
    "read-only": "A value that the service sets itself was sent; reading it back says nothing.",
    "normalised": "A value that was sent is shown in the service's own spelling when the thing is read back.",
}


@dataclass
class Notes:
    """Which rules one sample needed."""

    used: dict[str, int] = field(default_factory=dict)

    def note(self, rule: str) -> None:
        """Count a rule, which must be one of those explained."""
        if rule not in RULES:
            raise KeyError(rule)
        self.used[rule] = self.used.get(rule, 0) + 1


def told(counts: Iterable[tuple[str, int]]) -> str:
    """The rules with how many samples needed them, and why."""
    return "\n".join(f"{count:5}  {name}: {RULES[name]}" for name, count in counts)
