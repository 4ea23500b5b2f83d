"""Finished links, put aside while the text around them is still worked on."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tools._untrusted.links import has_scheme, host_of, is_within, shown_link

REMOVED = "[link removed]"

# Private characters: cleaning has taken all of them out of the text, so only our own are met here.
_PUT_ASIDE = re.compile("(\ue000|\ue001)([0-9]+)\ue002")


@dataclass
class _Definition:
    label: str
    url: str
    is_used: bool = False
    shown: str | None = None


@dataclass
class Shelf:
    """What one text has been found to hold: finished links, and the definitions that its reference links point at."""

    home: frozenset[str] = frozenset()
    _links: list[str] = field(default_factory=list)
    _definitions: list[_Definition] = field(default_factory=list)
    _by_label: dict[str, _Definition] = field(default_factory=dict)

    def link(self, url: str) -> str:
        """A place for `<address>`; words where the address is none of the web, nothing where it stays on its page."""
        shown = shown_link(url)
        if shown is None:
            return REMOVED if has_scheme(url) else ""
        return self._kept(f"<{shown}>")

    def bare_link(self, url: str) -> str:
        """A place for an address that stands in running text."""
        shown = shown_link(url)
        return REMOVED if shown is None else self._kept(shown)

    def address(self, written: str) -> str:
        """A place for `<name@domain>`."""
        return self._kept(written)

    def definition(self, label: str, url: str) -> str:
        """A place for the definition of a reference link. The first one for a label counts."""
        definition = _Definition(label, url)
        self._by_label.setdefault(_same(label), definition)
        self._definitions.append(definition)
        return f"\ue001{len(self._definitions) - 1}\ue002"

    def is_defined(self, label: str) -> bool:
        """Whether a reference link of this label leads anywhere."""
        return _same(label) in self._by_label

    def reference(self, label: str, *, is_image: bool = False) -> str:
        """What a reference link shows of where it leads: within `home` the address, elsewhere the host alone."""
        definition = self._by_label[_same(label)]
        definition.is_used = True
        if is_image:
            return ""
        if definition.shown is None:  # once for all its uses, of which a stranger may write a million
            host = host_of(definition.url)
            is_elsewhere = host and not is_within(host, self.home)
            definition.shown = f"({host})" if is_elsewhere else self.link(definition.url)
        return definition.shown

    def restored(self, body: str) -> str:
        """The body with everything that was put aside back in its place."""
        for definition in self._definitions:
            if not definition.is_used:
                definition.label = f"[{definition.label}] {self.link(definition.url)}".rstrip()
        whole = _PUT_ASIDE.sub(self._put_back, body)
        return _PUT_ASIDE.sub(self._put_back, whole)  # the address of a definition

    def without_places(self, text: str) -> str:
        """The text without what was put aside."""
        return _PUT_ASIDE.sub("", text)

    def _kept(self, shown: str) -> str:
        self._links.append(shown)
        return f"\ue000{len(self._links) - 1}\ue002"

    def _put_back(self, found: re.Match[str]) -> str:
        if found[1] == "\ue000":
            return self._links[int(found[2])]
        definition = self._definitions[int(found[2])]
        return "" if definition.is_used else definition.label


def _same(label: str) -> str:
    return " ".join(label.split()).casefold()
