"""The list of faults that are put into the code on purpose fits the code."""

import importlib.util
from pathlib import Path

import pytest

LIST = Path(__file__).parent / "mutations.py"
spec = importlib.util.spec_from_file_location("mutations", LIST)
mutations = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mutations)


@pytest.mark.parametrize("mutation", mutations.MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_fault_has_its_place(mutation):
    """What it takes away stands in the package once, and the tests that are to notice it exist."""
    code = (mutations.PACKAGE / mutation.path).read_text(encoding="utf-8")
    assert code.count(mutation.old) == 1
    assert all((LIST.parent / test).exists() for test in mutation.tests)
