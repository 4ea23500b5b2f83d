"""The limits of Graph, and the governor that keeps them for everybody."""

from __future__ import annotations

from graph.throttle.governor import LocalThrottle, Throttle
from graph.throttle.limits import Demand, demand_of
from graph.throttle.permit import Permit

__all__ = ["Demand", "LocalThrottle", "Permit", "Throttle", "demand_of"]
