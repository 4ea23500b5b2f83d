"""What contacts refuse.

GraphFault
    FolderExists            409 ErrorFolderExists
    FolderStays             403 ErrorDeleteDistinguishedFolder
"""

from __future__ import annotations

from emulator.faults import GraphFault


class FolderExists(GraphFault):
    """There is a folder of this name already."""

    status = 409
    code = "ErrorFolderExists"
    message = "A folder with the specified name already exists."


class FolderStays(GraphFault):
    """Outlook's own folder is neither renamed nor deleted."""

    status = 403
    code = "ErrorDeleteDistinguishedFolder"
    message = "Distinguished folders cannot be deleted."
