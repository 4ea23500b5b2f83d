"""The settings of which tools are offered, how far they go and how they answer; and where their state is kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, SecretStr

import _settings_values as values
from _settings_table import Setting

Freedom = Literal["read", "ask", "full"]
_LOWER = BeforeValidator(str.lower)


class Tools(BaseModel):
    """Which tools there are, and what they may do."""

    graph_mailbox: Annotated[
        values.Mailbox | None,
        Setting(
            "Tools",
            "User (principal name or object id) whose mailbox application mode works in.",
            "--mailbox",
            unset="each call names one",
        ),
    ] = None
    graph_api_version: Annotated[
        Literal["v1.0", "beta"],
        _LOWER,
        Setting("Tools", "Version of Graph to call, unless a tool needs a certain one.", "--graph-api-version"),
    ] = "v1.0"
    graph_allow_beta: Annotated[
        bool, Setting("Tools", "false leaves out the tools that need Graph's beta version.", expects="true or false")
    ] = True
    toolsets: Annotated[
        values.Toolsets,
        Setting("Tools", "Toolsets to offer, by commas: default is those of everyday work, all is all.", "--toolsets"),
    ] = ("default",)
    tools: Annotated[
        values.ToolNames,
        Setting("Tools", "Tools to offer, by commas, beside those of TOOLSETS; alone where that is unset.", "--tools"),
    ] = ()
    exclude_tools: Annotated[
        values.ToolNames,
        Setting("Tools", "Tools to leave out, by commas, whatever else names them.", "--exclude-tools"),
    ] = ()
    access: Annotated[
        Freedom,
        _LOWER,
        Setting(
            "Tools",
            "How far calls go: they only read (read), a person agrees before anything is sent or destroyed (ask), "
            "or nobody is asked (full).",
            "--access",
        ),
    ] = "ask"
    read_only: Annotated[
        bool,
        Setting("Tools", "Offer nothing that changes anything, whatever ACCESS says.", "--read-only", "true or false"),
    ] = False
    allowed_scopes: Annotated[
        values.Permissions | None,
        Setting(
            "Tools",
            "Permissions of Graph, by commas or spaces, such as Mail.Read: tools that need others are not offered, "
            "and others are not asked for.",
            "--allowed-scopes",
            unset="any",
        ),
    ] = None
    discovery: Annotated[
        bool,
        Setting(
            "Tools",
            "List a few tools that find, describe and call all the others: few bytes, however many there are.",
            "--discovery",
            "true or false",
        ),
    ] = False
    output: Annotated[
        Literal["text", "json", "toon"],
        _LOWER,
        Setting("Tools", "Form of the answers: short text, JSON, or TOON.", "--output"),
    ] = "text"
    answer_bytes: Annotated[
        int,
        Field(ge=2_000, le=200_000),
        Setting(
            "Tools",
            "Longest answer, from 2000 to 200000 bytes; what is left out can be asked for.",
            "--answer-bytes",
            "a whole number from 2000 to 200000",
        ),
    ] = 16_000
    approve_policy: Annotated[
        values.LocalPath | None,
        Setting(
            "Tools",
            "TOML file that says who may be written to, how often, when, and which tools always or never run.",
            "--approve-policy",
        ),
    ] = None


class State(BaseModel):
    """What outlives a call: short ids, cursors, approvals."""

    state_dir: Annotated[
        values.LocalPath | None,
        Setting(
            "State",
            "Folder for short ids, cursors and approvals between starts.",
            "--state-dir",
            unset="the folder graphward where the platform keeps state",
        ),
    ] = None
    state_keys: Annotated[
        SecretStr | None,
        Setting(
            "State",
            "Keys that seal what is in it, base64 of 32 bytes each, one a line: the first seals.",
            unset="a key made there",
            secret=True,
        ),
    ] = None
