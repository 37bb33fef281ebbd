"""The command line: the same verbs, and messages in place of tracebacks."""

from __future__ import annotations

import os
import subprocess
import sys

import pandas as pd
import pytest

from internal_coherence.__main__ import main


def test_the_example_prints_the_district_and_writes_a_page_a_school(tmp_path, capsys):
    assert main(["example", "--out", str(tmp_path / "pages")]) == 0
    printed = capsys.readouterr().out
    assert "Juniper" in printed
    assert "withheld: fewer than 5 teachers answered" in printed
    assert str(tmp_path / "pages") in printed
    assert len(list((tmp_path / "pages").glob("*.html"))) == 24


def test_a_file_of_ones_own(tmp_path, capsys, answers, codebook):
    answers.assign(role=["Principal"] + ["Teacher"] * 11).to_csv(tmp_path / "answers.csv", index=False)
    codebook.to_frame().to_csv(tmp_path / "codebook.csv", index=False)
    (tmp_path / "roster.csv").write_text("school,teachers\nElm,5\nOak,4\nYew,9\n")
    arguments = [
        "profile",
        str(tmp_path / "answers.csv"),
        "--codebook",
        str(tmp_path / "codebook.csv"),
        "--school",
        "school",
    ]
    arguments += ["--role", "role", "--roster", str(tmp_path / "roster.csv"), "--out", str(tmp_path / "pages")]
    assert main([*arguments, "--min-teachers", "3", "--min-response-rate", "0.4", "--sd", "schools"]) == 0
    printed = capsys.readouterr().out
    assert "leaders' rows left out" in printed
    assert (tmp_path / "pages" / "profile-elm.html").exists()
    assert main([*arguments, "--min-teachers", "3", "--audience", "district", "--reference", "Elmm"]) == 2
    assert "did you mean 'Elm'" in capsys.readouterr().err


def test_columns_of_other_names_and_terminals_of_few_characters(tmp_path, answers, codebook):
    answers.rename(columns={"t1": "Q1"}).replace({"school": {"Elm": "学校"}}).to_csv(
        tmp_path / "answers.csv", index=False
    )
    codebook.to_frame().to_csv(tmp_path / "codebook.csv", index=False)
    arguments = [
        "profile",
        str(tmp_path / "answers.csv"),
        "--codebook",
        str(tmp_path / "codebook.csv"),
        "--school",
        "school",
    ]
    arguments += ["--column", "t1=Q1", "--min-teachers", "3", "--out", str(tmp_path / "pages")]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "internal_coherence", *arguments], capture_output=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert b"??" in done.stdout
    assert done.stderr == b""


def test_messages_name_options_and_warnings_no_source_lines(tmp_path, answers, codebook):
    codebook.to_frame().to_csv(tmp_path / "codebook.csv", index=False)
    twice = pd.concat([answers.assign(who=range(12))] * 2)
    twice.to_csv(tmp_path / "answers.csv", index=False)
    twice.assign(t1=9).to_csv(tmp_path / "nines.csv", index=False)
    for file, said in (
        (
            "answers.csv",
            "warning: 12 of 24 rows are a teacher's second or later row, and are left out; if the data hold",
        ),
        ("nines.csv", "Declare codes that mean no answer with --missing-code CODE, or pass --invalid missing."),
    ):
        arguments = [
            "profile",
            str(tmp_path / file),
            "--codebook",
            str(tmp_path / "codebook.csv"),
            "--school",
            "school",
        ]
        command = [
            sys.executable,
            "-m",
            "internal_coherence",
            *arguments,
            "--teacher",
            "who",
            "--out",
            str(tmp_path / "o"),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        assert said in done.stderr
        assert ".py" not in done.stderr


def test_mistakes_are_told_in_one_message(tmp_path, capsys):
    assert main(["profile", "nowhere.csv", "--codebook", "internal-coherence-survey", "--school", "School"]) == 2
    assert capsys.readouterr().err == "error: there is no file 'nowhere.csv'\n"
    with pytest.raises(SystemExit):
        main([])
