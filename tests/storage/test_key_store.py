"""storage/key_store.py: a key that the operating system keeps, or a clear word on why there is none."""

from __future__ import annotations

import base64
import threading
from pathlib import Path
from typing import Any

import pytest

from errors import StorageError
from storage import key_from_system
from tests.storage.support import another_user, as_root

OTHERWISE = r"TOKEN_CACHE_ENCRYPTION=key with TOKEN_CACHE_KEY_FILE, or TOKEN_CACHE_ENCRYPTION=off"


class Store:
    """A backend of `keyring` that works."""

    priority = 5

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


class Keyring:
    """The module `keyring` with this backend."""

    def __init__(self, backend: object) -> None:
        self.backend = backend

    def get_keyring(self) -> object:
        return self.backend


class Chain:
    """Several backends in one, best first."""

    def __init__(self, *backends: object) -> None:
        self.backends = backends


def backend_from(module: str, name: str = "Keyring") -> Any:
    return type(name, (Store,), {"__module__": module})()


def test_a_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    store, path = Store(), tmp_path / "cache.json"
    sealed = key_from_system(path, Keyring(store)).seal(b"x", "p")
    assert key_from_system(path, Keyring(store)).open(sealed, "p") == b"x"
    (((service, name), text),) = store.entries.items()
    assert (service, name) == ("graphward", str(path))
    assert len(base64.b64decode(text)) == 32


def test_each_cache_has_a_key_of_its_own(tmp_path: Path) -> None:
    store = Store()
    first = key_from_system(tmp_path / "a.json", Keyring(store)).seal(b"x", "p")
    with pytest.raises(StorageError):
        key_from_system(tmp_path / "b.json", Keyring(store)).open(first, "p")


def test_those_who_start_together_agree_on_one_key(tmp_path: Path) -> None:
    store, together = Store(), threading.Barrier(4)
    rings: list[Any] = []

    class Slow(Store):
        """Lets all look before any makes a key."""

        def __init__(self) -> None:
            super().__init__()
            self.looked = threading.local()

        def get_password(self, service: str, username: str) -> str | None:
            found = super().get_password(service, username)
            if not hasattr(self.looked, "once"):
                self.looked.once = True
                together.wait(20)
            return found

    store = Slow()
    threads = [
        threading.Thread(target=lambda: rings.append(key_from_system(tmp_path / "c", Keyring(store)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealed = rings[0].seal(b"x", "p")
    assert [ring.open(sealed, "p") for ring in rings] == [b"x"] * 4


def test_without_the_package_its_name_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "keyring", None)
    with pytest.raises(StorageError, match=f"pip install keyring.*{OTHERWISE}"):
        key_from_system(tmp_path / "cache.json")


def test_the_installed_package_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store()
    monkeypatch.setitem(__import__("sys").modules, "keyring", Keyring(store))
    key_from_system(tmp_path / "cache.json")
    assert len(store.entries) == 1


USELESS = [
    pytest.param("keyring.backends.fail", "Keyring", id="that fails"),
    pytest.param("keyring.backends.null", "Keyring", id="that forgets"),
    pytest.param("keyrings.alt.file", "PlaintextKeyring", id="in the clear"),
    pytest.param("keyrings.alt.file", "EncryptedKeyring", id="that asks on the terminal"),
    pytest.param("somewhere.else", "MyPlaintextStore", id="in the clear, by another"),
]


@pytest.mark.parametrize(("module", "name"), USELESS)
def test_a_backend_that_keeps_no_secret_is_refused(tmp_path: Path, module: str, name: str) -> None:
    backend = backend_from(module, name)
    for chosen in (backend, Chain(backend), Chain()):
        with pytest.raises(StorageError, match=f"no password store.*{OTHERWISE}"):
            key_from_system(tmp_path / "cache.json", Keyring(chosen))
    assert backend.entries == {}


@pytest.mark.parametrize(("module", "name"), USELESS)
def test_of_a_chain_only_a_real_store_is_used(tmp_path: Path, module: str, name: str) -> None:
    useless, real = backend_from(module, name), backend_from("keyring.backends.SecretService")
    key_from_system(tmp_path / "cache.json", Keyring(Chain(useless, real)))
    assert (len(useless.entries), len(real.entries)) == (0, 1)


class KeyringError(Exception):
    """Named as in `keyring.errors`."""


class KeyringLocked(KeyringError):
    """As above."""


class InitError(KeyringError):
    """As above."""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        pytest.param(KeyringLocked("canary"), "is locked. Unlock it, then start again", id="locked"),
        pytest.param(InitError("canary"), "without a desktop session", id="headless"),
        pytest.param(RuntimeError("canary"), "without a desktop session", id="no bus"),
        pytest.param(KeyringError("canary"), "refused .KeyringError.", id="refused"),
        pytest.param(OSError("canary"), "refused .OSError.", id="anything else"),
    ],
)
@pytest.mark.parametrize(
    "call", [pytest.param("get_password", id="reading"), pytest.param("set_password", id="writing")]
)
def test_trouble_with_the_store_names_the_way_out(tmp_path: Path, call: str, error: Exception, told: str) -> None:
    def refuse(self: object, *_: str) -> None:
        raise error

    backend = type("Broken", (Store,), {call: refuse})()
    with pytest.raises(StorageError, match=f"{told}.*{OTHERWISE}") as caught:
        key_from_system(tmp_path / "cache.json", Keyring(backend))
    assert "canary" not in str(caught.value)


class Forgetful(Store):
    def set_password(self, service: str, username: str, password: str) -> None:
        """Say yes and keep nothing."""


class Trimming(Store):
    def set_password(self, service: str, username: str, password: str) -> None:
        super().set_password(service, username, base64.b64encode(bytes(32)).decode())


@pytest.mark.parametrize("kind", [pytest.param(Forgetful, id="forgets"), pytest.param(Trimming, id="changes")])
def test_a_store_that_does_not_give_back_what_it_got_is_refused(tmp_path: Path, kind: type[Store]) -> None:
    with pytest.raises(StorageError, match=f"does not keep what is put in.*{OTHERWISE}"):
        key_from_system(tmp_path / "cache.json", Keyring(kind()))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("canary!", id="no base64"),
        pytest.param("Y2FuYXJ5", id="too short"),
        pytest.param("ä", id="no ASCII"),
    ],
)
def test_an_entry_that_is_no_key_is_neither_used_nor_replaced(tmp_path: Path, text: str) -> None:
    store, path = Store(), tmp_path / "cache.json"
    store.entries["graphward", str(path)] = text
    with pytest.raises(StorageError, match=r"entry graphward .*is no key.*delete both") as caught:
        key_from_system(path, Keyring(store))
    assert "canary" not in str(caught.value)
    assert list(store.entries.values()) == [text]


@as_root
def test_where_no_lock_can_be_had_no_key_is_made() -> None:
    store = Store()
    with another_user() as home:
        home.chmod(0o500)
        with pytest.raises(StorageError, match=r"cannot be locked .Permission denied"):
            key_from_system(home / "cache.json", Keyring(store))
    assert store.entries == {}
