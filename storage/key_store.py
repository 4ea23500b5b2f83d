"""The key in the operating system's own store, through `keyring`: Keychain, Credential Manager, Secret Service."""

from __future__ import annotations

import base64
import importlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from errors import StorageError
from storage.private_file import PrivateFile
from storage.sealing import KEY_BYTES, KeyRing

SERVICE = "graphward"

_OTHERWISE = "Or set TOKEN_CACHE_ENCRYPTION=key with TOKEN_CACHE_KEY_FILE, or TOKEN_CACHE_ENCRYPTION=off."
_LOCK_SECONDS = 30.0
# They store in the clear, nowhere, or ask for a passphrase on the terminal, where a stdio server speaks JSON-RPC.
_USELESS = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
_NO_STORE = frozenset({"NoKeyringError", "InitError", "RuntimeError", "ImportError", "ModuleNotFoundError"})

Result = TypeVar("Result")


class Backend(Protocol):
    """One store of passwords, as `keyring` offers it."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


class Keyrings(Protocol):
    """What we use of the module `keyring`."""

    def get_keyring(self) -> Any: ...  # noqa: ANN401 - a Backend, or a chain of them


def key_from_system(path: Path, keyring: Keyrings | None = None) -> KeyRing:
    """The key for the file at this path, made on first use. Blocks while the person unlocks the store."""
    file = PrivateFile(path)
    backend = _usable(keyring or _installed())
    name = os.path.normcase(file.path)
    key = _stored(backend, name)
    if key is None:
        # Two processes that start together must not each make a key: the file is sealed with one of them only.
        with _one_maker(file):
            key = _stored(backend, name) or _made(backend, name)
    return KeyRing([key])


@contextmanager
def _one_maker(file: PrivateFile) -> Iterator[None]:
    with ExitStack() as held:
        try:
            held.enter_context(file.locked(_LOCK_SECONDS))
        except OSError as error:
            raise StorageError(f"{file.path} cannot be locked ({error.strerror}). {_OTHERWISE}") from error
        yield


def _installed() -> Keyrings:
    try:
        return cast("Keyrings", importlib.import_module("keyring"))
    except ImportError as error:
        raise StorageError(
            "TOKEN_CACHE_ENCRYPTION=os needs the package keyring. Install it with: pip install keyring. " + _OTHERWISE
        ) from error


def _usable(keyring: Keyrings) -> Backend:
    """The first real store; a chain would fall through to one that is none."""
    chosen = _asked(keyring.get_keyring)
    found = next((each for each in getattr(chosen, "backends", [chosen]) if not _is_useless(each)), None)
    if found is None:
        raise _no_store()
    return cast("Backend", found)


def _is_useless(backend: object) -> bool:
    kind = type(backend)
    return kind.__module__.startswith(_USELESS) or "Plaintext" in kind.__qualname__


def _stored(backend: Backend, name: str) -> bytes | None:
    text = _asked(lambda: backend.get_password(SERVICE, name))
    if text is None:
        return None
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise StorageError(
            f"The entry {SERVICE} for {name} in the operating system's password store is no key. Put the right one "
            "back, or delete both the entry and that file, and sign in again."
        )
    return key


def _made(backend: Backend, name: str) -> bytes:
    """A new key, once the store has given it back as it was: some accept everything and keep nothing."""
    key = secrets.token_bytes(KEY_BYTES)
    _asked(lambda: backend.set_password(SERVICE, name, base64.b64encode(key).decode("ascii")))
    if _stored(backend, name) != key:
        raise StorageError(f"The operating system's password store does not keep what is put in. {_OTHERWISE}")
    return key


def _asked(question: Callable[[], Result]) -> Result:
    """Ask the store. Its errors are told apart by name, as their classes come with a package that may be missing."""
    try:
        return question()
    except Exception as error:
        names = {kind.__name__ for kind in type(error).__mro__}
        if names & _NO_STORE:
            raise _no_store() from error
        if "KeyringLocked" in names:
            raise StorageError(
                f"The operating system's password store is locked. Unlock it, then start again. {_OTHERWISE}"
            ) from error
        raise StorageError(
            f"The operating system's password store refused ({type(error).__name__}). {_OTHERWISE}"
        ) from error


def _no_store() -> StorageError:
    return StorageError(
        "There is no password store of the operating system here, as on a server without a desktop session. "
        "Start from a desktop session. " + _OTHERWISE
    )
