"""Files on their way to Microsoft 365 and from there, however large, past the model and past every fault."""

from __future__ import annotations

from graph.transfer.attachments import upload_attachment
from graph.transfer.downloads import Downloaded, download
from graph.transfer.files import Conflict, upload_file
from graph.transfer.meter import Progress
from graph.transfer.sources import BytesSource, FileSource, Source
from graph.transfer.targets import BufferTarget, FileTarget, Target

__all__ = [
    "BufferTarget",
    "BytesSource",
    "Conflict",
    "Downloaded",
    "FileSource",
    "FileTarget",
    "Progress",
    "Source",
    "Target",
    "download",
    "upload_attachment",
    "upload_file",
]
