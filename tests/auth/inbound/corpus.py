"""Hundreds of tokens that must not be taken, by name: each differs from a good one in a single thing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.auth.inbound.jwts import (
    API,
    CLIENT,
    HOME,
    KID,
    LOGIN,
    NOW,
    PARTNER,
    RESOURCE,
    STANDBY_KID,
    app_claims,
    b64,
    claims,
    header,
    hmac_with,
    older_claims,
    other_signatures,
    published,
    raw,
    rs256,
    secrets_of_the_public_key,
    token,
    unsigned,
)

Cases = Iterator[tuple[str, str]]

_STRANGE: tuple[Any, ...] = (
    *(None, "", " ", "\0", "null", "\ud800", "\u202e", "*", "{tenantid}", "0"),
    *(0, 1, -1, 1.5, True, False, 10**400, [], [[]], {}, {"a": {"b": 1}}),
)
_URLS: tuple[Any, ...] = ("https://evil.example/keys", [], {}, None, True, "")


def algorithms() -> Cases:
    """Other algorithms, and none."""
    names: tuple[str, ...] = (
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "HS256",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "PS512",
        "ES256",
        "ES384",
    )
    names += ("ES512", "ES256K", "EdDSA", "rs256", "Rs256", "RS256 ", " RS256", "RS256\0", "RS-256", "RSA-OAEP", "dir")
    strange: tuple[Any, ...] = (
        None,
        256,
        True,
        [],
        ["RS256"],
        ["none", "RS256"],
        {"alg": "RS256"},
        "\uff32\uff33256",
        "sha256",
        ...,
    )
    for name in (*names, *strange):
        yield f"alg {name!r}, signed as usual", token(head=header(alg=name))
        yield f"alg {name!r}, unsigned", token(head=header(alg=name), sign=unsigned)
    for how, secret in secrets_of_the_public_key().items():
        for bits in (256, 384, 512):
            head = header(alg=f"HS{bits}")
            yield f"HS{bits} with the {how}", token(head=head, sign=hmac_with(secret, f"sha{bits}"))
        yield f"RS256 that is an HMAC with the {how}", token(sign=hmac_with(secret))
    for how, sign in other_signatures().items():
        yield f"RS256 that is {how}", token(sign=sign)
    for name, how in (("PS256", "RSA-PSS"), ("RS384", "SHA-384"), ("RS512", "SHA-512"), ("ES256", "ECDSA")):
        yield f"a true {name}", token(head=header(alg=name), sign=other_signatures()[how])


def headers() -> Cases:
    """Headers that bring a key along, name none, or say something else of the rest."""
    for name in ("jku", "x5u", "jwk", "x5c", "crit", "zip", "enc", "b64"):
        for value in (*_URLS, ["exp"], published("evil", "stranger"), "DEF", False):
            yield f"{name} {_short(value)}", token(head=header(**{name: value}))
    yield (
        "jwk of its own key",
        token(head=header(jwk=published(KID, "stranger")), sign=other_signatures()["another key"]),
    )
    strange_ids = (
        *_STRANGE,
        ...,
        "k" * 257,
        "k" * 5000,
        KID.upper(),
        f"{KID} ",
        f" {KID}",
        f"{KID}\0",
        [KID],
        {KID: KID},
    )
    tricks: tuple[str, ...] = (
        "../../dev/null",
        "' OR 1=1 --",
        "https://evil.example/keys",
        "file:///dev/null",
        "__proto__",
        "|id",
    )
    for kid in (*strange_ids, *tricks, *(f"random-{turn}" for turn in range(20))):
        yield f"kid {_short(kid)}", token(head=header(kid=kid))
    yield "the other key's id", token(head=header(kid=STANDBY_KID))
    for kind in ("jwt", "JWE", "JOSE", "id+jwt", "at+JWT", "dpop+jwt", "logout+jwt", "application/json", *_STRANGE):
        yield f"typ {_short(kind)}", token(head=header(typ=kind))


def strange_claims() -> Cases:
    """Each claim that counts, missing or of another kind."""
    for name, good in claims().items():
        if name in ("name", "preferred_username", "sub", "uti", "azpacr"):
            continue
        values = [*_STRANGE, [good], {"value": good}]
        if isinstance(good, str):
            values += [f"{good} ", f" {good}", f"{good}\0", f"{good}\n", f"{good}/.", good.upper() + "A", good[:-1]]
        if name not in ("iat", "nbf"):
            values.append(...)
        for value in values:
            # What is old is not in the future, and blanks stand between scopes.
            is_fine = (name in ("iat", "nbf") and value == 1 and value is not True) or str(value).strip(" ") == good
            if not (is_fine and name in ("iat", "nbf", "scp")):
                yield f"{name} {_short(value)}", token(claims(**{name: value}))


def wrong_claims() -> Cases:
    """Claims of the right kind that are not ours."""
    issuers: tuple[str, ...] = (
        "",
        "/v2.0",
        f"{HOME}/v2.0",
        f"{PARTNER}/v2.0",
        f"{HOME}",
        f"{HOME}/v2.0/",
        f"{HOME}/V2.0",
        f"{HOME}/v1.0",
    )
    issuers += ("common/v2.0", "organizations/v2.0", "{tenantid}/v2.0", f"{HOME}/../{HOME}/v2.0", f"/{HOME}/v2.0")
    for host in (LOGIN, "https://login.microsoftonline.us", "https://login.partner.microsoftonline.cn"):
        for path in issuers:
            if (issuer := f"{host}/{path}") != claims()["iss"]:
                yield f"issuer {issuer}", token(claims(iss=issuer))
    tricks: tuple[str, ...] = (
        "https://login.microsoftonline.com.evil.example",
        "https://evil.example/login.microsoftonline.com",
    )
    tricks += ("http://login.microsoftonline.com", "https://LOGIN.microsoftonline.com", "https://sts.windows.net")
    tricks += (
        "https://login.microsoftonline.com:443",
        "https://a@login.microsoftonline.com",
        "https://login.windows.net",
    )
    for host in tricks:
        yield f"issuer at {host}", token(claims(iss=f"{host}/{HOME}/v2.0"))
    for tenant in (PARTNER, HOME.upper(), f"{{{HOME}}}", HOME.replace("-", ""), "9188040d-6c67-4c5b-b112-36a304b66dad"):
        yield f"tenant {tenant}", token(claims(tid=tenant))
        yield f"tenant {tenant} all over", token(claims(tid=tenant, iss=f"{LOGIN}/{tenant}/v2.0"))
    audiences: tuple[str, ...] = (
        CLIENT,
        f"api://{CLIENT}",
        f"{RESOURCE}//",
        f"{RESOURCE}/x",
        f"{RESOURCE}?",
        f"{RESOURCE}#a",
        "https://",
    )
    audiences += (RESOURCE.upper(), RESOURCE.replace("https", "http"), RESOURCE.removesuffix("/mcp"), f"spn:{API}")
    audiences += (f"api:/{API}", f"api://{API}/mcp.access", f"API://{API}", f"{API},{CLIENT}", f"{API} {CLIENT}")
    for audience in (*audiences, [API], [API, CLIENT], [API, RESOURCE]):
        yield f"audience {audience}", token(claims(aud=audience))
    for version in ("1.0", "2", "2.00", "3.0", 2, 2.0):
        yield f"version {version!r}", token(claims(ver=version))
        yield f"version {version!r} of version 1's issuer", token(older_claims(ver=version))
    yield "a version 1 token that says it is version 2", token(older_claims(ver="2.0"))


def wrong_times() -> Cases:
    """Moments that are over, not there yet, or none."""
    moments = (NOW + 3600.0, str(NOW + 3600), f"{NOW}.0", 1e400, -NOW, 10**20, 2**63, 253_402_300_800, [NOW])
    for value in moments:
        for name in ("exp", "nbf", "iat"):
            yield f"{name} {_short(value)}", token(claims(**{name: value}))
    for past in (61, 3600, 10**6):
        yield f"expired {past} s ago", token(claims(exp=NOW - past))
    for ahead in (61, 3600, 10**9):
        yield f"good in {ahead} s", token(claims(nbf=NOW + ahead))
        yield f"made in {ahead} s", token(claims(iat=NOW + ahead))


def wrong_bearers() -> Cases:
    """Genuine tokens of those who may not call."""
    for name in ("nonce", "at_hash", "c_hash"):
        yield f"an ID token with {name}", token(claims(**{name: "x"}))
    yield "an ID token", token(claims(scp=..., azp=...))
    yield "a version 2 token with version 1's name for the client", token(claims(azp=..., appid=CLIENT))
    yield "an ID token of somebody with a role", token(claims(scp=..., roles=["mcp.full"]))
    yield "an app's", token(app_claims("mcp.full"))
    yield "an app's that says so", token(app_claims("mcp.full", idtyp="app"))
    yield "an app's without roles", token(app_claims())
    yield "an app's with an empty scope", token(app_claims("mcp.full", scp=""))
    for kind in ("app", "device", "User", 1, None, ["user"]):
        yield f"a person's of kind {kind!r}", token(claims(idtyp=kind))
    for roles in ("mcp.full", {"mcp.full": 1}, [1], [None], None, 1):
        yield f"roles {roles!r}", token(claims(roles=roles))
    granted = (
        "Mail.Read",
        "mcp",
        "mcp.accessx",
        "xmcp.access",
        "MCP.ACCESS",
        "mcp.access,mcp.read",
        "mcp.full",
        "mcp.*",
    )
    for scopes in (*granted, "\tmcp.access", "mcp.access\n", "mcp.access\u00a0mcp.read"):
        yield f"scopes {scopes!r}", token(claims(scp=scopes))


def malformed() -> Cases:
    """What is no token, or has a second spelling."""
    good, head, said = token(), json.dumps(header()).encode(), json.dumps(claims()).encode()
    first, second, third = good.split(".")
    texts: tuple[str, ...] = (
        "",
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "a.b.c",
        "null",
        "{}",
        "undefined",
        "Bearer",
        f"Bearer {good}",
        f"{first}",
    )
    texts += (
        f"{first}.{second}",
        f"{first}.{second}.",
        f"{first}..{third}",
        f".{second}.{third}",
        f"{good}.",
        f".{good}",
    )
    texts += (f"{good}.{third}", f"{good}.{first}.{third}", f"{second}.{first}.{third}", good * 2, f"{good},{good}")
    texts += (json.dumps({"protected": first, "payload": second, "signature": third}), good[:-4], good[4:], good[::-1])
    texts += (f"{first}=.{second}.{third}", f"{first}.{second}==.{third}", f"{good}=", f"{good}==", good.lower())
    texts += (
        good.replace(".", ". "),
        good.replace(".", "\u3002"),
        good.replace(".", "%2E"),
        f"\ufeff{good}",
        f"{good}\u200b",
    )
    texts += (
        f"'{good}'",
        f'"{good}"',
        f"{first}.{second[:9]}\u0435{second[10:]}.{third}",
        f"\udc80{good}",
        "\U0001f600",
    )
    for turn, text in enumerate(texts):
        yield f"text {turn}, {_short(text)}", text
    for blank in (" ", "\t", "\n", "\r\n", "\0", "\x0b", "\x7f", "\u00a0", "+", "/"):
        yield f"{blank!r} before", blank + good
        yield f"{blank!r} after", good + blank
        yield f"{blank!r} within", f"{first}.{second[:9]}{blank}{second[9:]}.{third}"
    yield "a last letter with bits to spare", f"{first}.{second}.{third[:-1]}{chr(ord(third[-1]) + 1)}"
    for part in range(3):
        for place in (0, 5, 40):
            parts = good.split(".")
            text = parts[part]
            parts[part] = f"{text[:place]}{'B' if text[place] == 'A' else 'A'}{text[place + 1 :]}"
            yield f"letter {place} of part {part} changed", ".".join(parts)
    for size in (16 * 1024, 1024 * 1024):
        yield f"{size} letters and more", token(claims(pad="x" * size))
        yield f"{size} of one letter", "A" * (size + 1)
    for levels in (9, 100, 2000):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            deep = f"{opening * levels}1{closing * levels}".encode()
            yield f"{levels} levels of {opening}", raw(head, said[:-1] + b', "x": ' + deep + b"}")
            yield f"a header with {levels} levels of {opening}", raw(head[:-1] + b', "x": ' + deep + b"}", said)
    yield "a number of many digits", raw(head, said[:-1] + b', "x": ' + b"9" * 5000 + b"}")


def bad_json() -> Cases:
    """Bytes that parsers disagree on, signed by the right key."""
    head, said = json.dumps(header()).encode(), json.dumps(claims()).encode()
    for name in ("aud", "iss", "tid", "oid", "scp", "exp", "name"):
        more = json.dumps({name: claims()[name]}).encode()[1:]
        yield f"{name} twice", raw(head, said[:-1] + b", " + more)
    for name in ("alg", "kid", "typ"):
        more = json.dumps({name: header()[name]}).encode()[1:]
        yield f"{name} twice in the header", raw(head[:-1] + b", " + more, said)
    yield "a name twice further in", raw(head, said[:-1] + b', "x": {"a": 1, "a": 2}}')
    for value in (b"NaN", b"Infinity", b"-Infinity", b"01", b"+1", b"1.", b"0x1", b"'a'", b"undefined", b"tru"):
        yield f"a value {value.decode()}", raw(head, said[:-1] + b', "x": ' + value + b"}")
    for whole in (b"", b"null", b"1", b"true", b'"text"', b"[]", b"{}", b"[" + said + b"]", said + said, said + b"x"):
        yield f"claims {_short(whole)}", raw(head, whole)
    for whole in (b"", b"null", b"1", b'"RS256"', b"[]", b"{}", b"[" + head + b"]", head + head, head + b"x"):
        yield f"a header {_short(whole)}", raw(whole, said)
    for coding in ("utf-16", "utf-32", "utf-8-sig", "utf-16-be"):
        yield f"claims in {coding}", raw(head, said.decode().encode(coding))
        yield f"a header in {coding}", raw(head.decode().encode(coding), said)
    for broken in (b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xc0\x80", b"\n", b"\0"):
        yield f"{broken!r} in a text", raw(head, said[:-1] + b', "x": "' + broken + b'"}')
    yield "a comment", raw(head, said[:-1] + b"/* */}")
    yield "a comma too many", raw(head, said[:-1] + b",}")
    yield "claims that are a token", raw(head, token().encode())
    yield "a token in a token", f"{b64(token().encode())}.{b64(said)}.{b64(rs256(b''))}"


def _short(value: object) -> str:
    """A value as it stands in the name of a case."""
    text = repr(value)
    return text if len(text) < 99 else f"{text[:40]} of {len(text)}"


@cache
def all_cases() -> dict[str, str]:
    """Every one, by its name."""
    kinds = (algorithms, headers, strange_claims, wrong_claims, wrong_times, wrong_bearers, malformed, bad_json)
    cases = [(f"{kind.__name__}: {name}", text) for kind in kinds for name, text in kind()]
    twice = [name for name, count in Counter(name for name, _ in cases).items() if count > 1]
    assert not twice, f"These names stand for several cases: {twice}"
    return dict(cases)
