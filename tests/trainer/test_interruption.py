"""The first signal waits for the steps under way, whichever of the three it is."""

import os
import signal

import pytest

from lossexp.process.signals import stops_ask


def obey(number):
    with stops_ask() as stop:
        os.kill(os.getpid(), number)
        assert stop.requested == number
        stop.obey()


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_a_signal_is_obeyed_when_training_says_so(number, raised):
    with pytest.raises(raised):
        obey(number)


def test_a_closed_terminal_is_obeyed_like_a_scheduler():
    before = signal.getsignal(signal.SIGHUP)
    with pytest.raises(SystemExit) as end:
        obey(signal.SIGHUP)
    assert end.value.code == 129
    assert signal.getsignal(signal.SIGHUP) is before


def test_a_signal_that_is_ignored_on_purpose_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with stops_ask() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
        assert stop.requested is None
    finally:
        signal.signal(signal.SIGHUP, before)
