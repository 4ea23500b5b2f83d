"""Client credentials: the app signs in as itself, with a secret or a certificate, and no person."""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import load_pem_x509_certificate

from auth._msal import Application, MsalSource, Result
from errors import SettingsError


class ClientCredentialsSource(MsalSource):
    """MSAL keeps the token until it expires; then it asks for the next."""

    def _silent(self, application: Application, scopes: list[str], claims: str | None) -> Result | None:
        return None  # acquire_token_for_client looks into the cache itself

    def _sign_in(self, application: Application, scopes: list[str], claims: str | None) -> Result:
        result: Result = application.acquire_token_for_client(scopes, claims_challenge=claims)
        return result


def certificate_credential(pem: str) -> dict[str, str]:
    """MSAL's form of a certificate with its key, out of one PEM text that holds both."""
    key = _block(pem, "PRIVATE KEY-----")
    if not _is_private_key(key) or not _is_certificate(pem):
        raise SettingsError(
            "ENTRA_CLIENT_CERTIFICATE: the PEM text must hold both the private key, unencrypted, and the certificate. "
            "Put the two one after the other into the file that ENTRA_CLIENT_CERTIFICATE_FILE names."
        )
    return {"private_key": key, "public_certificate": pem[pem.index("-----BEGIN CERTIFICATE-----") :]}


def _is_private_key(pem: str) -> bool:
    try:
        load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def _is_certificate(pem: str) -> bool:
    try:
        load_pem_x509_certificate(pem.encode())
    except ValueError:
        return False
    return True


def _block(pem: str, label: str) -> str:
    lines = pem.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("-----BEGIN") and line.endswith(label)]
    ends = [number for number, line in enumerate(lines) if line.startswith("-----END") and line.endswith(label)]
    return "\n".join(lines[starts[0] : ends[0] + 1]) if starts and ends else ""
