"""What each AADSTS error means, who can change it, and how: the texts of the errors and of docs/sign-in-errors.md."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from errors import AppRefused, ConsentNeeded, SignInError, SignInRefused, SignInUnavailable


class Who(StrEnum):
    """Who can change a trouble; the value is the sentence that says so."""

    PERSON = "Whoever signs in can change that."
    ADMIN = "An administrator of the tenant can change that."
    EITHER = "Whoever signs in, or an administrator of the tenant, can change that."
    OPERATOR = "Whoever runs this server can change that."
    NOBODY = "It passes by itself."


@dataclass(frozen=True)
class Trouble:
    """One error as people are told of it; `again` is whether it can help that a person signs in once more."""

    kind: type[SignInError]
    who: Who
    what: str
    then: str
    again: bool = False

    @property
    def is_passing(self) -> bool:
        return issubclass(self.kind, SignInUnavailable)


def _again(what: str, then: str = "Sign in again.") -> Trouble:
    return Trouble(SignInError, Who.PERSON, what, then, again=True)


def _device(what: str, then: str) -> Trouble:
    return Trouble(SignInRefused, Who.EITHER, what, then, again=True)


def _refused(what: str, then: str, who: Who = Who.ADMIN) -> Trouble:
    return Trouble(SignInRefused, who, what, then)


def _consent(what: str, then: str, who: Who = Who.ADMIN, *, again: bool = False) -> Trouble:
    return Trouble(ConsentNeeded, who, what, then, again=again)


def _app(what: str, then: str, who: Who = Who.OPERATOR) -> Trouble:
    return Trouble(AppRefused, who, what, then)


def _passing(what: str, then: str = "Try again in a moment.") -> Trouble:
    return Trouble(SignInUnavailable, Who.NOBODY, what, then)


PERSONS: dict[int, Trouble] = {
    16000: _again(
        "The browser is signed in with another account than the one asked for.", "Sign in again with the right one."
    ),
    50014: _refused(
        "This guest account has not accepted its invitation to the tenant.",
        "Open the invitation's mail and accept it, or ask an administrator for a new one; then sign in again.",
        Who.PERSON,
    ),
    50020: _refused(
        "This account belongs to another organisation and is no guest of this tenant.",
        "Sign in with an account of the tenant, or ask an administrator to invite this one as a guest.",
        Who.EITHER,
    ),
    50034: _refused(
        "The tenant has no such account, or not any more.", "Sign in with another account, or ask an administrator."
    ),
    50053: _refused(
        "The account is locked after too many attempts, or the network address has a bad name.",
        "Wait a quarter of an hour and try again from a network you know, or ask an administrator to unlock it.",
    ),
    50055: Trouble(
        SignInRefused, Who.PERSON, "The password has expired.", "Sign in again and set a new one there.", again=True
    ),
    50057: _refused("The account is disabled.", "Ask an administrator to enable it, or sign in with another account."),
    50058: _again("Nobody is signed in with that browser."),
    50076: _again(
        "The tenant wants a second factor here (a change of its rules, or of the network).",
        "Sign in again and confirm it.",
    ),
    50078: _again("The second factor was confirmed too long ago.", "Sign in again and confirm it."),
    50079: _again(
        "The tenant wants a second factor, and this account has to set it up first.",
        "Sign in again and set one up where the page asks for it.",
    ),
    50105: _refused(
        "The tenant lets only assigned people use this app, and this account is not among them.",
        "Ask an administrator to assign the account, or a group it is in, under Enterprise applications.",
    ),
    50173: _again("The sign-in was ended: the password changed, or an administrator withdrew it."),
    54005: _again("This sign-in was used already.", "Sign in again: each one is good for one time."),
    70000: _again("The sign-in that was kept is not valid any more."),
    70008: _again("The sign-in took too long to finish, or was left unused."),
    70016: _again("Nobody has finished the sign-in yet.", "Finish it on its page, then repeat the call."),
    70018: _again("The code of this sign-in is not known.", "Start again, and enter the new code as it is shown."),
    70020: _again(
        "The code expired before the sign-in was finished.", "Start again, and enter the new code within 15 minutes."
    ),
    70043: _again("The tenant wants a fresh sign-in from time to time, and this one is too old."),
    700082: _again("The sign-in was not used for 90 days and has lapsed."),
}

POLICIES: dict[int, Trouble] = {
    50097: _again(
        "The tenant wants to know the device that is signed in from.",
        "Sign in again in the browser of a device that the organisation knows (ENTRA_SIGN_IN=browser).",
    ),
    50131: _refused(
        "A policy of the tenant turned this sign-in down: device, place or behaviour looked wrong.",
        "Ask an administrator what the sign-in log says.",
    ),
    50142: _again("A policy of the tenant wants a new password.", "Sign in again and set one there."),
    50158: _again("The tenant wants a check by another service, which was not passed.", "Sign in again and pass it."),
    53000: _device(
        "The tenant asks for a compliant device, and this one is not, or is not known to be.",
        "Sign in again in the browser of a compliant device (ENTRA_SIGN_IN=browser: a code tells nothing of a device), "
        "or ask an administrator.",
    ),
    53001: _device(
        "The tenant asks for a device that is joined to its domain.",
        "Sign in again in the browser of such a device (ENTRA_SIGN_IN=browser), or ask an administrator.",
    ),
    53002: _refused(
        "The tenant admits approved apps only, and this is none of them.", "Ask an administrator to let this app in."
    ),
    53003: _refused(
        "A Conditional Access policy of the tenant blocks this sign-in.",
        "If it was made with a code, use the browser instead (ENTRA_SIGN_IN=browser): some policies block codes alone. "
        "Otherwise ask an administrator, who finds the policy's name in the sign-in log.",
    ),
}

CONSENT: dict[int, Trouble] = {
    65001: _consent(
        "Nobody has agreed yet that this app uses these permissions.",
        "Sign in again and accept them, or ask an administrator to.",
        Who.EITHER,
        again=True,
    ),
    65004: _consent(
        "The permissions were declined, or the sign-in was cancelled.",
        "Sign in again and accept, or ask for fewer permissions (TOOLSETS, ENTRA_SCOPES).",
        Who.PERSON,
        again=True,
    ),
    90094: _consent(
        "Only an administrator may agree to some of these permissions.",
        "Ask one to do so, or ask for fewer (TOOLSETS, ENTRA_SCOPES).",
    ),
    90095: _consent(
        "An administrator has to approve these permissions first.",
        "Sign in and send the request that the page offers, or ask one directly.",
    ),
}

SCOPES: dict[int, Trouble] = {
    28000: _app("The scopes belong to more than one service.", "Name those of Microsoft Graph alone in ENTRA_SCOPES."),
    70011: _app("A scope is not valid.", "Correct ENTRA_SCOPES, or unset it: the toolsets know what they need."),
    500011: _app(
        "The tenant does not know the service that a scope belongs to.",
        "Correct the address before the scope's name in ENTRA_SCOPES; for Microsoft Graph it can be left out.",
    ),
    650053: _app(
        "Microsoft Graph has no permission of a name in the scopes.",
        "Correct ENTRA_SCOPES, or unset it: the toolsets know what they need.",
    ),
    650057: _app(
        "The app's registration lists no permission of the service that was asked for.",
        "Add the permissions under API permissions, then consent to them again.",
    ),
    1002012: _app(
        "An app without a person can ask for all its permissions only.",
        "Set ENTRA_SCOPES to https://graph.microsoft.com/.default, or unset it.",
    ),
    9010010: _app(
        "The resource that the client names is not the one that the scopes belong to.",
        "Make the app's Application ID URI the public address of this server, and use scopes that begin with it.",
    ),
}

APPS: dict[int, Trouble] = {
    50011: _app(
        "The address that the browser should come back to is not registered for the app.",
        "Add http://localhost to the app under Authentication, Mobile and desktop applications, or make "
        "ENTRA_REDIRECT_URI what is there.",
    ),
    50194: _app(
        "The app is for one tenant only, and the sign-in named none.",
        "Set ENTRA_TENANT_ID to the app's Directory (tenant) ID, or let its registration accept any organisation.",
    ),
    90002: _app("There is no such tenant.", "Check ENTRA_TENANT_ID and ENTRA_AUTHORITY; ENTRA_CLOUD, too."),
    500200: _app(
        "This is a personal Microsoft account, and the app takes work and school accounts only.",
        "Sign in with a work or school account, or let the registration accept personal accounts.",
    ),
    700016: _app(
        "ENTRA_CLIENT_ID is not an app of this tenant.",
        "Check it and ENTRA_TENANT_ID; an app of another tenant needs an administrator's consent here first.",
    ),
    900382: _app(
        "The tenant is in another of Microsoft's clouds than the sign-in.",
        "Set ENTRA_CLOUD to the tenant's cloud; an app of one cloud does not exist in the others.",
    ),
    9002327: _app(
        "The redirect URI is registered for single-page applications, which this is none.",
        "In the registration, move http://localhost to the platform Mobile and desktop applications.",
    ),
    7000112: _app(
        "The app is disabled in the tenant.",
        "Ask an administrator to enable it under Enterprise applications.",
        Who.ADMIN,
    ),
    7000218: _app(
        "The app takes no sign-in without a credential.",
        "To sign people in, allow public client flows in its registration (Authentication) and keep the redirect URI "
        "under Mobile and desktop applications; for a daemon, set a credential.",
    ),
    9001023: _app(
        "An app cannot sign in as itself without naming one tenant.", "Set ENTRA_TENANT_ID to the tenant's id."
    ),
    9002332: _app(
        "The app, or its tenant, takes work and school accounts only.",
        "Set ENTRA_TENANT_ID to the tenant's id and not to consumers, or let the app accept personal accounts.",
    ),
    9002346: _app(
        "The app takes personal Microsoft accounts only.",
        "Set ENTRA_TENANT_ID to consumers, or let the registration accept work and school accounts.",
    ),
}

CREDENTIALS: dict[int, Trouble] = {
    50013: _again(
        "The token that the client sent to this server is not one that Entra takes.",
        "Connect the client to this server again.",
    ),
    70021: _app(
        "The app trusts no identity that fits the federated token.",
        "Compare issuer, subject and audience under Certificates & secrets, Federated credentials; a new one takes "
        "minutes to count.",
    ),
    500131: _app(
        "The token that the client sent is meant for another app.",
        "Let clients ask for scopes of this server's own app (ENTRA_CLIENT_ID).",
    ),
    500133: _again(
        "The token that the client sent to this server has expired.", "Connect the client to this server again."
    ),
    700024: _app(
        "The proof that the app signed is not valid at this time.", "Set the clock of this computer, then start again."
    ),
    700025: _app(
        "The app has no credential in its registration, so it may not send one.",
        "Unset the credential to sign people in, or add the one that is set to the registration.",
    ),
    700027: _app(
        "The certificate is not one of the app's, or has expired there.",
        "Upload the public part of ENTRA_CLIENT_CERTIFICATE to the app, or set the certificate that the app has.",
    ),
    700211: _app(
        "The app trusts no federated identity of this issuer.",
        "Compare the issuer of the token with the app's federated credentials, to the letter.",
    ),
    700212: _app(
        "The federated token is meant for another audience.",
        "Have it issued for api://AzureADTokenExchange, as the app's federated credential says.",
    ),
    700213: _app(
        "The app trusts no federated identity of this subject.",
        "Compare the subject of the token with the app's federated credentials, to the letter.",
    ),
    700229: _app(
        "The federated token speaks for a person; only an app's own will do.",
        "Use a managed identity, or a token that an app got for itself.",
    ),
    7000114: _app(
        "The client sent a token of an app, not of a person.", "Let a person sign in there, or use an API key."
    ),
    7000215: _app(
        "The client secret is wrong.",
        "Set ENTRA_CLIENT_SECRET to the secret's value, not to its Secret ID: what looks like a GUID is the id. "
        "The value is shown once, when the secret is made; make another if it is lost.",
    ),
    7000216: _app(
        "The app signs in as itself and sent no credential.", "Set a credential, such as ENTRA_CLIENT_SECRET_FILE."
    ),
    7000222: _app(
        "The client secret has expired.", "Make a new one for the app and set ENTRA_CLIENT_SECRET to its value."
    ),
    7002138: _app(
        "The app trusts a federated identity whose subject differs in upper and lower case only.",
        "Write the subject in the app's federated credential exactly as the token has it.",
    ),
}

PASSING: dict[int, Trouble] = {
    50196: _passing("The same request came too often in a row.", "Wait a few minutes, then try again."),
    90033: _passing("Microsoft's sign-in service has a problem of its own."),
    90055: _passing("The tenant gets more sign-ins than Microsoft admits."),
}

GROUPS = {
    "The account": PERSONS,
    "Policies of the tenant": POLICIES,
    "Consent": CONSENT,
    "Scopes": SCOPES,
    "The app registration": APPS,
    "The app's credential": CREDENTIALS,
    "The service": PASSING,
}
# Older or finer numbers for what the table says under another.
SAME_AS = {
    50059: 90002,
    50072: 50079,
    50074: 50076,
    50128: 90002,
    50132: 50173,
    50133: 50173,
    65005: 650057,
    70001: 700016,
    70002: 7000215,
    70019: 70020,
    90024: 90033,
    90038: 900382,
    90072: 50020,
    530032: 53003,
    530033: 53003,
    530034: 53003,
    530035: 53003,
    650056: 650057,
    9002326: 9002327,
}
TABLE = {code: trouble for group in GROUPS.values() for code, trouble in group.items()}
