"""How many tokens a text is, by gpt-tokenizer (o200k_base), where node and that package are there.

The package is looked for in the folder that TOKENIZER names, or else in `.ci/lab`: `npm install` there brings it.
Claude's tokenizer is not public; its counts are of the same order.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SECONDS = 60
_COUNT = """
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import fs from 'node:fs';
console.log(JSON.stringify(JSON.parse(fs.readFileSync(0)).map((text) => encode(text).length)));
"""


def tokens_of(texts: Sequence[str], environ: Mapping[str, str] = os.environ) -> list[int] | None:
    """The tokens of each text; None, with a line that says why, where they cannot be counted."""
    node = shutil.which("node", path=environ.get("PATH"))
    folder = Path(environ.get("TOKENIZER") or ROOT / ".ci" / "lab")
    if node is None or not (folder / "node_modules" / "gpt-tokenizer").is_dir():
        print(f"No tokens: {'node is missing' if node is None else 'TOKENIZER names no folder with gpt-tokenizer'}.")
        return None
    command = [node, "--input-type=module", "--eval", _COUNT]  # resolved from the folder it runs in
    told = subprocess.run(
        command, input=json.dumps(texts).encode(), capture_output=True, cwd=folder, timeout=_SECONDS, check=False
    )
    if told.returncode:
        print(f"No tokens: gpt-tokenizer failed.\n{told.stderr.decode(errors='replace')[-500:]}")
        return None
    counts: list[int] = json.loads(told.stdout)
    return counts
