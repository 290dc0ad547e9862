"""Make the weights that are shipped from the state of a training.

python training/export.py --work FOLDER
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from check_questions import TRAINING
from safetensors.torch import save_file

from transcript_qa.reading.model import WEIGHTS, packed
from transcript_qa.reading.network import is_trained


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="the work folder of training/reader.py")
    parser.add_argument("--output", type=Path, default=TRAINING.parent / "src" / "transcript_qa" / "data" / WEIGHTS)
    options = parser.parse_args()
    network = torch.load(options.work / "state.pt")["network"]
    stored = packed({name: weight for name, weight in network.items() if is_trained(name)})
    save_file({name: weight.contiguous() for name, weight in stored.items()}, options.output)
    print(f"{options.output.name}: {options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
