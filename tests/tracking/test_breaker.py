import logging

import pytest

from lossexp.tracking.breaker import Breaker, summary


def fail(error):
    raise error


def test_the_first_fault_is_the_last_call(caplog):
    calls = []

    def down():
        calls.append(1)
        raise OSError("disk full")

    breaker = Breaker("The store", "Training goes on.")
    with caplog.at_level(logging.WARNING):
        assert [breaker.call(down) for _ in range(3)] == [None, None, None]
    assert len(calls) == 1
    assert [r.getMessage() for r in caplog.records] == ["The store failed: disk full. Training goes on."]


def test_a_harmless_fault_does_not_break():
    breaker = Breaker("The store", "", harmless=lambda error: isinstance(error, ValueError))
    breaker.call(fail, ValueError("bad value"))
    assert breaker.call(lambda: 5) == 5


def test_interrupts_pass():
    with pytest.raises(KeyboardInterrupt):
        Breaker("The store", "").call(fail, KeyboardInterrupt())


def test_summary_is_one_short_line():
    assert summary(ValueError("a\n  b")) == "a b"
    assert summary(ValueError()) == "ValueError"
    assert len(summary(ValueError("x" * 999))) == 300
