"""What was seen of a client, as text, JSON and JUnit XML."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

import attrs
import msgspec

from feed.dialects.client import Requirement

_MARKS: Final = {True: "pass", False: "FAIL", None: "skip"}


@attrs.frozen(kw_only=True)
class Finding:
    """
    The outcome of one requirement.

    Attributes:
        requirement: What the client had to do.
        required: Whether the document asks for it; otherwise it is good advice.
        passed: Whether it did; None when it could not be seen.
        seen: What there was to see.
        at: When it was decided, seconds from the start.
    """

    requirement: Requirement
    required: bool
    passed: bool | None
    seen: str
    at: float


@attrs.frozen(kw_only=True)
class ReportCard:
    """
    All findings.

    Attributes:
        dialect: Name of the protocol.
        command: The client's command line.
        findings: In the order of the exercises.
    """

    dialect: str
    command: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """Whether the client did all that the document requires."""
        return all(finding.passed for finding in self.findings if finding.required)

    def text(self) -> str:
        """A table and a verdict."""
        lines = [f"{self.dialect}: {' '.join(self.command)}"]
        for item in self.findings:
            rank = "required" if item.required else "advised"
            name = item.requirement.value
            lines.append(f"  {_MARKS[item.passed]}  {rank:<8}  {name:<30}  {item.at:6.1f} s  {item.seen}")
        missed = [item.requirement.value for item in self.findings if item.required and not item.passed]
        lines.append(
            "certified: all that the document requires"
            if self.passed
            else f"not certified: {', '.join(missed)}"
        )
        return "\n".join(lines) + "\n"

    def json(self) -> str:
        """One JSON object."""
        findings = [
            {
                "duty": item.requirement.value,
                "required": item.required,
                "result": _MARKS[item.passed].lower(),
                "seen": item.seen,
                "at": round(item.at, 3),
            }
            for item in self.findings
        ]
        card = {
            "dialect": self.dialect,
            "command": list(self.command),
            "passed": self.passed,
            "findings": findings,
        }
        return msgspec.json.format(msgspec.json.encode(card)).decode() + "\n"

    def junit(self) -> str:
        """JUnit XML: what is advised and was not done is skipped there, not failed."""
        failures = sum(item.required and not item.passed for item in self.findings)
        suite = ET.Element(
            "testsuite",
            name=f"feed certify {self.dialect}",
            tests=str(len(self.findings)),
            failures=str(failures),
            skipped=str(sum(not item.required and not item.passed for item in self.findings)),
        )
        for item in self.findings:
            case = ET.SubElement(suite, "testcase", classname=self.dialect, name=item.requirement.value)
            if not item.passed:
                ET.SubElement(case, "failure" if item.required else "skipped", message=item.seen)
        return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"
