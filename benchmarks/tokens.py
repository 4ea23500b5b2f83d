"""What the list of tools costs a model, for each toolset and for what is usually offered.

    .venv/bin/python benchmarks/tokens.py

Bytes are those of the whole answer to tools/list, as a client gets it, and of the three parts that most of them are.
Tokens are by gpt-tokenizer, where it is there (TOKENIZER names the folder that it was installed in): of what a client
hands to the model, which is names, descriptions and input schemas, and of the whole answer. `all` has every toolset;
`discovery` lists the few tools that find and call the others; `application` is all for an app without a person.
Ends with 1 where one of them is beyond its limit.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from pathlib import Path

import anyio

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # and not this folder, whose http.py would be taken for the standard library's

from benchmarks._tokenizer import tokens_of  # noqa: E402 - found only after the line above


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    logging.disable(logging.INFO)
    measuring = importlib.import_module("benchmarks._listed")  # --help needs none of the server
    lists = anyio.run(measuring.every_list)
    tokens = tokens_of([text for each in lists for text in (each.for_the_model, each.whole)])
    print(measuring.table(lists, tokens))
    verdicts = [verdict for each in lists for verdict in each.verdicts()]
    beyond = [verdict for verdict in verdicts if not verdict.holds]
    print(f"{len(verdicts) - len(beyond)} of {len(verdicts)} limits hold", *beyond, sep="\n")
    return int(bool(beyond))


if __name__ == "__main__":
    sys.exit(main())
