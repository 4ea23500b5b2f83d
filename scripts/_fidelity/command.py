"""The command line of scripts/fidelity."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from scripts._fidelity.replay import replayed
from scripts._fidelity.report import Workload, as_json, as_list, as_text, rules_used
from scripts._fidelity.samples import read_folder
from scripts._fidelity.world import Emulator


def main(arguments: list[str]) -> int:
    """Measure and report; 0 whenever it could measure, 2 where there is nothing to measure."""
    options = _options(arguments)
    names = frozenset(name for text in (options.only, options.show) if text for name in text.split(","))
    if not options.folder.is_dir() or not list(options.folder.glob("*.jsonl")):
        print(f"{options.folder} holds no samples: a folder with *.jsonl files is needed.")
        return 2
    workloads = asyncio.run(measured(options.folder, names))
    print(_told(options, workloads))
    return 0


async def measured(
    folder: Path, only: frozenset[str] = frozenset(), emulator: Emulator | None = None
) -> list[Workload]:
    """Every sample of a folder replayed."""
    emulator = emulator or Emulator()
    try:
        return [
            Workload(name, [await replayed(emulator, sample) for sample in samples])
            for name, samples in read_folder(folder, only)
        ]
    finally:
        await emulator.close()


def _told(options: argparse.Namespace, workloads: list[Workload]) -> str:
    if options.json:
        return json.dumps(as_json(workloads), indent=2)
    if options.show:
        return "\n".join(as_list(one) for one in workloads)
    return rules_used(workloads) if options.rules else as_text(workloads)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/fidelity", description="Measure how faithful the emulator is.")
    parser.add_argument("folder", type=Path, metavar="DIR", help="a folder of *.jsonl samples")
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    parser.add_argument("--only", metavar="NAME,...", help="only these files")
    parser.add_argument("--show", metavar="NAME", help="every sample of a file with its outcome")
    parser.add_argument("--rules", action="store_true", help="the leniencies and how often each was used")
    return parser.parse_args(arguments)
