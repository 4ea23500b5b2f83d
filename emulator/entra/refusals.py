"""What an AADSTS error says, and the errors that come of accounts, policies, revoked access and trouble."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """One AADSTS error: its OAuth name, what it says, and the status of its JSON form."""

    error: str
    text: str
    status: int = 400
    suberror: str = ""


ACCESS: dict[int, Refusal] = {
    50014: Refusal("invalid_grant", "The guest has not accepted the invitation yet, so the account is not active."),
    50020: Refusal(
        "invalid_grant",
        "The account '{upn}' of '{home}' does not exist in '{tenant}' and cannot use the application '{app}' there. "
        "Invite it as a guest first, or sign in with another account.",
    ),
    50053: Refusal("invalid_grant", "The account is locked: too many sign-ins with a wrong password."),
    50055: Refusal("invalid_grant", "The password is expired.", suberror="user_password_expired"),
    50072: Refusal(
        "interaction_required",
        "The user must set up a second factor before this application may use '{resource}'.",
        suberror="basic_action",
    ),
    50074: Refusal(
        "interaction_required",
        "A second factor is required for '{resource}', and the user did not pass when asked for it.",
        suberror="basic_action",
    ),
    50076: Refusal(
        "interaction_required",
        "The administrator's policy or a new location asks for a second factor before '{resource}' may be used.",
        suberror="basic_action",
    ),
    50078: Refusal(
        "interaction_required",
        "The second factor that was given has expired by the administrator's policy: give it again for '{resource}'.",
        suberror="basic_action",
    ),
    50079: Refusal(
        "interaction_required",
        "The administrator's policy asks the user to enrol for a second factor before '{resource}' may be used.",
        suberror="basic_action",
    ),
    50097: Refusal(
        "interaction_required",
        "The device must prove which one it is before '{resource}' may be used.",
        suberror="basic_action",
    ),
    50105: Refusal(
        "invalid_grant", "The signed-in user '{upn}' is not assigned to the application '{app}', which demands it."
    ),
    50131: Refusal(
        "interaction_required",
        "The sign-in was refused by a security decision: it looks suspicious.",
        suberror="message_only",
    ),
    50142: Refusal(
        "interaction_required",
        "A Conditional Access policy asks for a new password before '{resource}' may be used.",
        suberror="user_password_expired",
    ),
    50158: Refusal(
        "interaction_required",
        "An external challenge, such as the terms of use, was not met. The user must answer it for '{resource}'.",
        suberror="basic_action",
    ),
    50173: Refusal(
        "invalid_grant",
        "The grant was revoked, so a new sign-in is needed. It was issued on {issued}; the user's tokens count "
        "from a later time on.",
        suberror="bad_token",
    ),
    50196: Refusal(
        "temporarily_unavailable", "The client keeps sending the same request in a loop, so the server ended it.", 429
    ),
    53000: Refusal(
        "interaction_required",
        "The device is not in the required state: Conditional Access wants a compliant one for '{resource}'.",
        suberror="additional_action",
    ),
    53001: Refusal(
        "interaction_required",
        "The device is not in the required state: Conditional Access wants a domain-joined one for '{resource}'.",
        suberror="additional_action",
    ),
    53002: Refusal(
        "interaction_required",
        "The application is not one of those that Conditional Access approves for '{resource}'.",
        suberror="additional_action",
    ),
    53003: Refusal(
        "interaction_required",
        "Access to '{resource}' is blocked by Conditional Access. The access policy does not allow a token.",
        suberror="message_only",
    ),
    70043: Refusal(
        "invalid_grant",
        "The refresh token has expired by the sign-in frequency of Conditional Access. It was issued on {issued} "
        "and may live for {seconds} seconds.",
        suberror="token_expired",
    ),
    90033: Refusal("temporarily_unavailable", "A directory service is temporarily not available. Try again.", 503),
    90055: Refusal("temporarily_unavailable", "Too many requests are coming in for the tenant: it is throttled.", 429),
    90095: Refusal(
        "consent_required",
        "An administrator must approve '{scope}' for the application '{app}': the user can send a request.",
    ),
    500200: Refusal(
        "invalid_grant",
        "The account '{upn}' is a personal Microsoft account, which the application '{app}' does not support.",
    ),
    9002332: Refusal(
        "invalid_request", "The application '{app}' is for work accounts only: do not use the /consumers endpoint."
    ),
    9002346: Refusal(
        "invalid_request", "The application '{app}' is for Microsoft accounts only: use the /consumers endpoint."
    ),
}
