"""The columns of the matrix: everything that a client can be asked."""

from __future__ import annotations

from tests.graph.chaos import changing, moving, reading
from tests.graph.chaos.deed import Prepared

READS: dict[str, Prepared] = {
    "get": reading.get,
    "get kept": reading.get_kept,
    "several gets": reading.gets,
    "several gets apart": reading.gets_apart,
    "pages": reading.pages,
    "metadata": reading.metadata,
    "download": moving.download,
    "download attachment": moving.download_attachment,
}
WRITES: dict[str, Prepared] = {
    "post": changing.post,
    "several posts": changing.posts,
    "post with proof": changing.post_with_proof,
    "patch": changing.patch,
    "patch if the same": changing.patch_if_same,
    "put": changing.put,
    "delete": changing.delete,
    "batch": changing.batch,
    "batch in order": changing.batch_in_order,
    "upload": moving.upload,
    "upload in session": moving.upload_in_session,
    "attach": moving.attach,
    "attach in session": moving.attach_in_session,
    "run": moving.copy,
}
DEEDS = READS | WRITES
# As safe to repeat as reads are, or able to find out what became of them.
SAFE = {*READS, "put", "delete", "post with proof", "upload", "upload in session", "attach in session"}
# How many requests they take in fair weather.
LONG = {"pages": 3, "download": 2, "upload in session": 2, "attach in session": 3, "run": 4, "several gets apart": 3}
