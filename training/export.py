"""Make the weights that are shipped from the state of a training, or from the mean of several of its states.

    python training/export.py --work FOLDER [--states FILE FILE]

States that cooled down at different steps of one training have different faults; their mean has fewer of either.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from check_questions import TRAINING
from safetensors.torch import save_file

from transcript_qa.packing import packed
from transcript_qa.reading.model import WEIGHTS
from transcript_qa.reading.network import is_trained


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="the work folder of training/reader.py")
    parser.add_argument("--states", type=Path, nargs="+", help="the states whose mean is taken (FOLDER/state.pt)")
    parser.add_argument("--output", type=Path, default=TRAINING.parent / "src" / "transcript_qa" / "data" / WEIGHTS)
    options = parser.parse_args()
    networks = [torch.load(path)["network"] for path in options.states or [options.work / "state.pt"]]
    names = [name for name in networks[-1] if is_trained(name)]
    stored = packed({name: sum(n[name] for n in networks) / len(networks) for name in names})
    save_file({name: weight.contiguous() for name, weight in stored.items()}, options.output)
    print(f"{options.output.name}: {options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
