"""Settings that mean nothing are refused before anything is built."""

import pytest

from lossexp.errors import InputError
from lossexp.trainer.trainer import Trainer


@pytest.mark.parametrize("name", ["deterministic", "stop_on_nonfinite", "check_gradients", "eager", "progress"])
@pytest.mark.parametrize("value", ["nope", "false", 1, None])
def test_a_switch_is_true_or_false(name, value):
    with pytest.raises(InputError, match=rf"trainer\.{name}={value}: give true or false"):
        Trainer(**{name: value})


def test_the_profiled_epoch_is_one_that_is_trained():
    assert Trainer(epochs=2, profile_epoch=2).profile_epoch == 2
    with pytest.raises(InputError, match=r"profile_epoch=3: there are only 2 epochs"):
        Trainer(epochs=2, profile_epoch=3)
