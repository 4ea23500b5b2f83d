"""doctor: check settings, machine, network and sign-in, one line each: ok, or what to change."""

from __future__ import annotations

from commands.doctor._run import doctor
from commands.doctor._verdict import Surroundings
from commands.doctor.probes import is_running, issuer_of, resolved
from commands.doctor.silence import NobodyAsked, silent_token

__all__ = ["NobodyAsked", "Surroundings", "doctor", "is_running", "issuer_of", "resolved", "silent_token"]
