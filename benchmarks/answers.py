"""How long our answers are beside the JSON that Graph answers with, for the same mailbox.

    .venv/bin/python benchmarks/answers.py [--limit 20]

The mailbox is the demo person's, in this process. Ours is what a client gets from mail_list_messages (25 rows, the
newest of the inbox), mail_read_message and mail_read_thread: the text, the structured content with the same facts, and
both. A client hands its model one of the two; one that hands over both pays for both. Beside it stands what a tool
returns that makes the one call and hands on what comes, in the fewest bytes: no blanks, and nothing around it.

  default   the call as it is documented, without $select; for 25 messages GET /me/messages?$top=25
  careful   the same call with $select of just what our answer is made from: for the list six fields

The seeded mails are short, half a kilobyte of HTML each. Longer ones make Graph's default answer longer, and of ours
only the text of a mail. Tokens are by gpt-tokenizer, where it is there (TOKENIZER names the folder that it was put
into). Ends with 1 where the text of the list is not at least --limit times smaller than the default.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from pathlib import Path

import anyio

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":
    sys.path[0] = str(ROOT)  # and not this folder, whose http.py would be taken for the standard library's

from benchmarks._judged import Verdict, told  # noqa: E402 - found only after the line above
from benchmarks._tokenizer import tokens_of  # noqa: E402

LIMIT = 20.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=float, default=LIMIT, help="how many times smaller the list has to be at least")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    measuring = importlib.import_module("benchmarks._answered")  # --help needs none of the server
    compared = anyio.run(measuring.measured)
    texts = [text for each in compared for text in each.measured]
    print(measuring.table("bytes", compared, [measuring.size_of(text) for text in texts]))
    if tokens := tokens_of(texts):
        print(measuring.table("tokens", compared, tokens))
    newest = compared[0]
    verdict = Verdict(f"{newest.what}, default by text", newest.ratio("text"), options.limit, is_floor=True)
    told(verdict)
    return int(not verdict.holds)


if __name__ == "__main__":
    sys.exit(main())
