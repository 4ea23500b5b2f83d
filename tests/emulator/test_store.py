"""What a tenant holds remembers every change, and tells who listens."""

from __future__ import annotations

import pytest

from emulator.odata.types import Collection, Navigation, Structured
from emulator.store import Change, Deferred, Entity, Items, Joined, Slice, Store, generic_related


def _navigations() -> dict[str, Navigation]:
    return {
        "parts": Navigation("parts", _thing, is_collection=True, contains=True),
        "core": Navigation("core", _thing, is_collection=False, contains=True),
        "friends": Navigation("friends", _thing, is_collection=True, contains=False),
        "boss": Navigation("boss", _thing, is_collection=False, contains=False),
    }


THING = Structured(
    "t.thing", {"id": "Edm.String", "name": "Edm.String", "tags": Collection("Edm.String")}, _navigations
)


def _thing() -> Structured:
    return THING


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def things(store: Store) -> Items:
    return store.root("things")


def thing(store: Store, identity: str = "", **values: object) -> Entity:
    return store.entity(THING, ({"id": identity} if identity else {}) | values)


def ids(entities: object) -> list[str]:
    assert hasattr(entities, "__iter__")
    return [entity.id for entity in entities]


def test_an_entity_has_its_id_or_gets_one(store: Store) -> None:
    assert thing(store, "a").id == "a"
    assert len(thing(store).id) == 36
    assert repr(thing(store, "a")) == "<thing a>"


def test_values_are_read_by_name(store: Store) -> None:
    made: list[int] = []

    def make() -> str:
        made.append(1)
        return "made"

    one = thing(store, "a", name=None, later=Deferred(make))
    assert one["name"] is None
    assert one.get("name", "x") == "x"
    assert one["tags"] == []
    assert one.get("nothing") is None
    assert made == []
    assert [one["later"], one["later"]] == ["made", "made"]
    assert made == [1]


def test_every_change_is_counted_and_told(store: Store, things: Items) -> None:
    heard: list[tuple[int, str, str, str]] = []

    def hear(change: Change) -> None:
        heard.append((change.number, change.what, change.entity.id, "" if change.items is None else change.items.name))

    store.changes.listeners.append(hear)
    one = things.add(thing(store, "a"))
    one.update({"name": "x"})
    one.put_one("core", thing(store, "c"))
    things.discard(one)
    assert heard == [
        (1, "created", "a", "things"),
        (2, "updated", "a", "things"),
        (3, "created", "c", ""),
        (4, "deleted", "a", "things"),
    ]
    assert one.version == 4
    assert things.version == 4


def test_a_set_holds_what_was_added_in_order(store: Store, things: Items) -> None:
    one, other = things.add(thing(store, "b")), things.add(thing(store, "a"))
    assert ids(things) == ["b", "a"]
    assert len(things) == 2
    assert things.get("a") is other
    assert things.get("x") is None
    assert one in things
    assert thing(store, "b") not in things
    assert "b" not in things
    assert one.items is things
    assert store.root("things") is things


def test_what_left_is_remembered_until_it_comes_back(store: Store, things: Items) -> None:
    one = things.add(thing(store, "a"))
    things.discard(one, "changed")
    assert [(gone.entity, gone.reason) for gone in things.removed.values()] == [(one, "changed")]
    things.discard(one)
    assert len(things.removed) == 1
    things.add(one)
    assert things.removed == {}


def test_a_set_says_what_changed_since_a_moment(store: Store, things: Items) -> None:
    one, other, last = (things.add(thing(store, name)) for name in "abc")
    moment = store.changes.number
    last.touch()
    one.touch()
    things.discard(other)
    changed, removed = things.since(moment)
    assert ids(changed) == ["c", "a"]
    assert [gone.entity.id for gone in removed] == ["b"]
    assert things.since(store.changes.number) == ([], [])


def test_what_was_there_all_along_comes_without_a_word(store: Store, things: Items) -> None:
    heard: list[Change] = []
    store.changes.listeners.append(heard.append)
    placed = things.place(thing(store, "a"))
    assert heard == []
    assert ids(things.since(0)[0]) == ["a"]
    assert placed.items is things
    assert things.version == store.changes.number == 1


def test_contained_sets_belong_to_their_owner(store: Store) -> None:
    owner = thing(store, "o")
    part = owner.set_of("parts").add(thing(store, "p"))
    assert part.owner is owner
    assert owner.set_of("parts") is part.items
    assert owner.put_one("core", thing(store, "c")).owner is owner


def test_links_refer_and_remember(store: Store) -> None:
    owner, one, other = thing(store, "o"), thing(store, "a"), thing(store, "b")
    friends = owner.links_of("friends")
    friends.add(one)
    friends.add(other)
    assert ids(friends) == ["a", "b"]
    assert (len(friends), friends.get("a"), friends.get("x")) == (2, one, None)
    assert one in friends
    assert "a" not in friends
    assert friends.made["b"] == owner.version
    friends.drop(one)
    friends.drop(one)
    assert friends.dropped["a"].number == owner.version
    friends.add(one)
    assert friends.dropped == {}
    assert owner.links_of("friends") is friends


def test_a_single_link_is_replaced(store: Store) -> None:
    owner, one, other = thing(store, "o"), thing(store, "a"), thing(store, "b")
    boss = owner.links_of("boss")
    assert boss.one is None
    boss.replace(one)
    boss.replace(other)
    assert boss.one is other
    assert list(boss.dropped) == ["a"]


def test_a_navigation_leads_to_what_the_type_says(store: Store) -> None:
    owner, other = thing(store, "o"), thing(store, "a")
    navigations = THING.navigations
    assert generic_related(owner, navigations["core"]) is None
    owner.put_one("core", other)
    owner.links_of("boss").replace(other)
    assert generic_related(owner, navigations["core"]) is other
    assert generic_related(owner, navigations["boss"]) is other
    assert generic_related(owner, navigations["parts"]) is owner.set_of("parts")
    assert generic_related(owner, navigations["friends"]) is owner.links_of("friends")


def test_the_only_thing_of_a_root_is_there_from_the_beginning(store: Store) -> None:
    one = store.one("directory", THING)
    assert one.id == "directory"
    assert one.items is store.root("directory")
    assert store.one("directory", THING) is one
    assert store.changes.number == 0


def test_a_slice_is_what_belongs(store: Store, things: Items) -> None:
    red = Slice(things, lambda entity: bool(entity["name"] == "red"))
    one, other = things.add(thing(store, "a", name="red")), things.add(thing(store, "b", name="blue"))
    assert ids(red) == ["a"]
    assert len(red) == 1
    assert (red.get("a"), red.get("b"), red.get("x")) == (one, None, None)
    assert red.covers(one)
    assert not red.covers(other)


def test_a_slice_says_what_came_into_it_and_what_left_it(store: Store, things: Items) -> None:
    painted: dict[str, int] = {}
    red = Slice(things, lambda entity: bool(entity["name"] == "red"), lambda entity, _: painted.get(entity.id, 0))
    one, other, third = (things.add(thing(store, name, name="red")) for name in "abc")
    never = things.add(thing(store, "d", name="green"))
    assert ids(red.since(0)[0]) == ["a", "b", "c"]
    moment = store.changes.number
    one.update({"name": "blue"})
    painted["a"] = one.version
    one.touch()
    never.touch()
    things.discard(other)
    third.touch()
    changed, removed = red.since(moment)
    assert ids(changed) == ["c"]
    assert [(gone.entity.id, gone.number) for gone in removed] == [("b", other.version), ("a", painted["a"])]
    assert {gone.reason for gone in removed} == {"deleted"}
    things.discard(one)
    assert [gone.entity.id for gone in red.since(moment)[1]] == ["b", "a"]
    # At the beginning nobody knows of anything that could have left.
    assert [gone.entity.id for gone in red.since(0)[1]] == ["b"]


def test_several_sets_are_one(store: Store, things: Items) -> None:
    others = store.root("others")
    both = Joined(things, others)
    things.add(thing(store, "a"))
    gone = others.add(thing(store, "b"))
    assert (ids(both), len(both)) == (["a", "b"], 2)
    assert both.get("b") is gone
    assert both.get("x") is None
    others.discard(gone)
    changed, removed = both.since(0)
    assert ids(changed) == ["a"]
    assert [one.entity.id for one in removed] == ["b"]


def test_a_set_can_be_filled_when_somebody_first_looks() -> None:
    store = Store()
    heard: list[Change] = []
    store.changes.listeners.append(heard.append)

    def fill() -> None:
        store.root("things").add(store.entity(THING, {"id": "a"}))

    store.fill_later("things", fill)
    assert [one.id for one in store.root("things")] == ["a"]
    assert heard == []
    store.root("things").add(store.entity(THING, {"id": "b"}))
    assert [change.entity.id for change in heard] == ["b"]
