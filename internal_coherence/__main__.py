"""The command line: ``python -m internal_coherence``, a thin door to the library's own verbs."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

import internal_coherence as ic
from internal_coherence.report import district_table

MANY_PAGES = 40
ARGUMENTS = {
    "missing_codes=[...]": "--missing-code CODE",
    "invalid='missing'": "--invalid missing",
    "columns={item key: column name}": "--column ITEM=COLUMN",
    "wave=...": "--wave COLUMN",
    "teacher=...": "--teacher COLUMN",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status: 0, or 2 with a message if something can't be done."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a school's name may hold what the terminal can't show
    with warnings.catch_warnings():
        warnings.showwarning = _say  # type: ignore[assignment]  # source lines are of no use at a command line
        try:
            _run(options)
        except (ic.CoherenceError, OSError) as error:
            print(f"error: {_in_options(str(error))}", file=sys.stderr)
            return 2
    return 0


def _run(options: argparse.Namespace) -> None:
    gates = ic.Gates(
        min_response_rate=options.min_response_rate,
        min_teachers=options.min_teachers,
        min_distribution=max(options.min_distribution, options.min_teachers),
    )
    responses = ic.example_responses() if options.command == "example" else _read(options)
    _draw_up(responses, options, gates)


def _say(message: Warning | str, *_: object) -> None:
    print(f"warning: {_in_options(str(message))}", file=sys.stderr)


def _in_options(text: str) -> str:
    """Return a message of the library with the arguments that it names as the command line writes them."""
    for argument, option in ARGUMENTS.items():
        text = text.replace(argument, option)
    return text


def _read(options: argparse.Namespace) -> ic.Responses:
    return ic.read_responses(
        options.data,
        ic.load_instrument(options.codebook),
        school=options.school,
        teacher=options.teacher,
        wave=options.wave,
        role=options.role,
        roster=options.roster,
        format=options.format,
        columns=dict(options.column),
        missing_codes=options.missing_code,
        invalid=options.invalid,
        keep_leaders=options.keep_leaders,
    )


def _draw_up(responses: ic.Responses, options: argparse.Namespace, gates: ic.Gates) -> None:
    print(responses)
    print(responses.log, end="\n\n")
    common = {"reference": options.reference or "all", "sd": options.sd, "gates": gates}
    print("For the district. In standard deviations from the reference mean, with 95 % intervals:\n")
    print(district_table(ic.profile_schools(responses, audience="district", **common)))
    profiles = ic.profile_schools(responses, audience=options.audience, **common)
    orders = [ic.load_order(name) for name in options.order] if options.order else None
    files = profiles.to_html(
        options.out, orders, workers=_workers(len(profiles)), progress=sys.stderr.isatty() or len(profiles) > MANY_PAGES
    )
    print(f"\n{len(files)} profiles, one page a school, are in {Path(options.out).resolve()}")


def _workers(n_pages: int) -> int:
    """Return how many processes pay for themselves."""
    return (os.cpu_count() or 1) if n_pages > MANY_PAGES else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m internal_coherence", description=ic.__doc__)
    parser.add_argument("--version", action="version", version=ic.__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    example = commands.add_parser("example", help="draw up the profiles of the bundled example")
    profile = commands.add_parser("profile", help="draw up the profiles of your own survey")
    profile.add_argument("data", metavar="DATA", help="the survey export: CSV, XLSX, Parquet, SPSS or Stata")
    profile.add_argument(
        "--codebook", required=True, metavar="FILE", help="TOML, CSV or XLSX, or the name of a bundled instrument"
    )
    profile.add_argument("--school", required=True, metavar="COLUMN", help="column that names the school")
    for name in ("teacher", "wave", "role"):
        profile.add_argument(f"--{name}", metavar="COLUMN", help=f"column with the {name}")
    profile.add_argument("--roster", metavar="FILE", help="table of school and number of teachers, for response rates")
    profile.add_argument("--format", help="if it can't be told from the file: csv, qualtrics, google_forms, ...")
    profile.add_argument(
        "--column",
        action="append",
        default=[],
        type=_item_and_column,
        metavar="ITEM=COLUMN",
        help="column of an item that is named otherwise; repeat for more",
    )
    profile.add_argument(
        "--missing-code",
        action="append",
        default=[],
        metavar="CODE",
        help="code or word for no answer; repeat for more",
    )
    profile.add_argument(
        "--invalid", choices=("error", "missing"), default="error", help="what an impossible answer is"
    )
    profile.add_argument("--keep-leaders", action="store_true", help="keep rows whose role is a leader's")
    for command in (example, profile):
        _add_profile_options(command)
    return parser


def _item_and_column(text: str) -> tuple[str, str]:
    item, found, column = text.partition("=")
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not ITEM=COLUMN")
    return item, column


def _add_profile_options(command: argparse.ArgumentParser) -> None:
    gates = ic.Gates()
    command.add_argument("--out", default="profiles", metavar="FOLDER", help="where the pages go (default: profiles)")
    command.add_argument("--audience", choices=("school", "district"), default="school", help="who reads the pages")
    command.add_argument(
        "--reference",
        action="append",
        metavar="SCHOOL",
        help="a school to compare with; repeat for more (default: all)",
    )
    command.add_argument(
        "--sd", choices=("teachers", "schools"), default="teachers", help="whose standard deviation is the unit"
    )
    command.add_argument(
        "--order", action="append", metavar="NAME", help="an order to read along, by name or TOML file"
    )
    command.add_argument(
        "--min-teachers", type=int, default=gates.min_teachers, help="fewest teachers behind a profile"
    )
    command.add_argument(
        "--min-distribution", type=int, default=gates.min_distribution, help="fewest teachers behind a distribution"
    )
    command.add_argument(
        "--min-response-rate", type=float, default=gates.min_response_rate, help="lowest response rate of a profile"
    )


if __name__ == "__main__":
    raise SystemExit(main())
