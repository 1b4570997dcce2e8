"""The report card, for people and for machines."""

import json
from xml.etree import ElementTree as ET

import pytest

from feed.dialects.client import Requirement
from feed.testing.certify.report import Finding, ReportCard


def finding(requirement, passed, *, required=True):
    return Finding(requirement=requirement, required=required, passed=passed, seen="this & that", at=1.25)


@pytest.fixture
def report():
    return ReportCard(
        dialect="tradyn",
        command=("python", "bot.py"),
        findings=(
            finding(Requirement.CONNECT, passed=True),
            finding(Requirement.PONG, passed=False),
            finding(Requirement.MUTE, passed=False, required=False),
            finding(Requirement.GAP, passed=None, required=False),
        ),
    )


def test_the_text_names_what_was_missed(report):
    """Each duty with its rank, its time and what was seen; the verdict last."""
    assert report.text().splitlines() == [
        "tradyn: python bot.py",
        "  pass  required  connects                           1.2 s  this & that",
        "  FAIL  required  answers pings                      1.2 s  this & that",
        "  FAIL  advised   notices a mute feed                1.2 s  this & that",
        "  skip  advised   notices a gap                      1.2 s  this & that",
        "not certified: answers pings",
    ]


def test_the_json_says_the_same(report):
    """With results a program can compare."""
    card = json.loads(report.json())
    assert (card["dialect"], card["command"], card["passed"]) == ("tradyn", ["python", "bot.py"], False)
    assert [item["result"] for item in card["findings"]] == ["pass", "fail", "fail", "skip"]
    assert card["findings"][1] == {
        "duty": "answers pings",
        "required": True,
        "result": "fail",
        "seen": "this & that",
        "at": 1.25,
    }


def test_the_xml_is_junits(report):
    """Only what is required fails; what is advised and was not done is skipped."""
    suite = ET.fromstring(report.junit())
    assert (suite.tag, suite.attrib) == (
        "testsuite",
        {"name": "feed certify tradyn", "tests": "4", "failures": "1", "skipped": "2"},
    )
    assert [[child.tag for child in case] for case in suite] == [[], ["failure"], ["skipped"], ["skipped"]]
    assert suite[1][0].attrib == {"message": "this & that"}


def test_advice_does_not_decide():
    """All that is required was done: certified."""
    done = finding(Requirement.CONNECT, passed=True)
    advice = finding(Requirement.MUTE, passed=False, required=False)
    report = ReportCard(dialect="guide", command=("x",), findings=(done, advice))
    assert report.passed
    assert report.text().endswith("certified: all that the document requires\n")
