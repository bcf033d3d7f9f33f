"""The first signal waits for the steps under way, whichever of the three it is."""

import os
import signal

import pytest

from lossexp.process.interruption import Interruption


def obey(interruption, number):
    with interruption:
        os.kill(os.getpid(), number)
        assert interruption.requested == number
        interruption.end()


@pytest.mark.parametrize(("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_a_signal_is_obeyed_when_training_says_so(number, raised):
    with pytest.raises(raised):
        obey(Interruption(), number)


def test_a_closed_terminal_is_obeyed_like_a_scheduler():
    before = signal.getsignal(signal.SIGHUP)
    with pytest.raises(SystemExit) as end:
        obey(Interruption(), signal.SIGHUP)
    assert end.value.code == 129
    assert signal.getsignal(signal.SIGHUP) is before


def test_a_signal_that_is_ignored_on_purpose_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
        assert interruption.requested is None
    finally:
        signal.signal(signal.SIGHUP, before)
