"""`python -m truecost.evidence` prints the scorecards; with `fit` it rewrites the calibration first."""

from __future__ import annotations

import sys
from datetime import date
from importlib.resources import as_file, files

from truecost.evidence.calibration_file import calibration_text
from truecost.evidence.lost_time import lost_time, lost_time_card
from truecost.evidence.serving_score import serving_card, serving_score
from truecost.evidence.training_score import training_card, training_score

USAGE = "usage: python -m truecost.evidence [fit]"


def main(arguments: list[str]) -> int:
    """Print the scorecards; exit code 2 for arguments that are not understood."""
    if arguments not in ([], ["fit"]):
        print(USAGE, file=sys.stderr)
        return 2
    serving, training = serving_score(), training_score()
    if arguments == ["fit"]:
        with as_file(files("truecost.physics") / "calibration.toml") as path:
            beside = path.with_suffix(".new")
            beside.write_text(calibration_text(serving, training, date.today()), encoding="utf-8")
            beside.replace(path)
            print(f"wrote {path}", file=sys.stderr)
    print(serving_card(serving), training_card(training), lost_time_card(lost_time()), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
