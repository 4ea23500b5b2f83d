"""What a link carries for its sender alone: names of tracking parameters, and hosts that only lead elsewhere."""

from __future__ import annotations

from typing import NamedTuple

TRACKING_PREFIXES = (
    "utm_",
    "mc_",
    "hsa_",
    "pk_",
    "mtm_",
    "matomo_",
    "piwik_",
    "vero_",
    "oly_",
    "__hs",
    "_hs",
    "at_custom",
)

_NAMES = """
_ga _gl _ke _openstat action_object_map action_type_map ck_subscriber_id cmpid cvid dclid elqtrack elqtrackid elqak
elqat epik et_rid fb_action_ids fb_action_types fb_ref fb_source fbclid gad_source gbraid gclid gclsrc gs_l
hsctatracking icid igsh igshid irclickid irgwc li_fat_id mkt_tok ml_subscriber ml_subscriber_hash mibextid msclkid
ocid _branch_match_id _branch_referrer rb_clickid s_cid sc_channel scid srsltid trk trkcampaign trkemail ttclid twclid
vgo_ee wbraid wickedid wt.mc_id wt_mc xmt yclid ymclid zanpid
"""
TRACKING = frozenset(_NAMES.split())


class Redirector(NamedTuple):
    """A host (or, from a dot on, its end) and a path that lead to the address in one of the parameters."""

    host: str
    path: str
    parameters: tuple[str, ...]


REDIRECTORS = (
    Redirector(".safelinks.protection.outlook.com", "/", ("url",)),
    Redirector(".safelinks.protection.office365.us", "/", ("url",)),
    Redirector(".safelinks.protection.outlook.cn", "/", ("url",)),
    Redirector("statics.teams.cdn.office.net", "/evergreen-assets/safelinks/", ("url",)),
    Redirector("urldefense.proofpoint.com", "/v1/url", ("u",)),
    Redirector("linkprotect.cudasvc.com", "/url", ("a",)),
    Redirector("www.google.com", "/url", ("q", "url")),
    Redirector("www.youtube.com", "/redirect", ("q",)),
    Redirector("l.facebook.com", "/l.php", ("u",)),
    Redirector("lm.facebook.com", "/l.php", ("u",)),
    Redirector("l.instagram.com", "/", ("u",)),
    Redirector("www.linkedin.com", "/redir/redirect", ("url",)),
    Redirector("www.linkedin.com", "/safety/go", ("url",)),
    Redirector("slack-redir.net", "/link", ("url",)),
    Redirector("duckduckgo.com", "/l/", ("uddg",)),
    Redirector("out.reddit.com", "/", ("url",)),
    Redirector("steamcommunity.com", "/linkfilter/", ("url", "u")),
)
