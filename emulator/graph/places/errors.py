"""What the places refuse."""

from __future__ import annotations

from emulator.faults import GraphFault


class PlaceTypeMissing(GraphFault):
    """A change of a place must say what it is: rooms and lists of rooms have not the same properties."""

    status = 400
    code = "ErrorInvalidRequest"
    message = "The @odata.type of the place is needed."
