"""XLA: chosen by the fastest of several trials, and explained where it cannot compile."""

import keras
import pytest
import tensorflow as tf

from lossexp.base.errors import InputError
from lossexp.datasets.scikit_learn import digits
from lossexp.losses import Adapted, Focal
from lossexp.models.mlp import mlp
from lossexp.process.runtime import runtime
from lossexp.trainer import compilation
from lossexp.trainer.compilation import compiled_is_faster
from lossexp.trainer.keras_trainer import KerasTrainer
from lossexp.trainer.parts import Parts
from lossexp.trainer.trainer import Trainer

DATA = digits(seed=0, validation_fraction=0.2, test_fraction=0.2, limit=96)


@pytest.mark.parametrize(
    ("plain", "compiled", "faster"),
    [
        ([2.1, 2.2, 2.0], [1.0, 1.1, 1.0], True),
        ([2.1, 2.2, 2.0], [27.0, 1.5, 30.0], True),  # a load that came and went
        ([9.0, 0.9, 9.0], [1.5, 1.5, 1.4], False),
        ([1.0, 1.0], [1.0, 1.0], False),  # where it makes no difference, no XLA
    ],
)
def test_the_fastest_trial_of_each_decides(plain, compiled, faster):
    assert compiled_is_faster(plain, compiled) is faster


@pytest.mark.parametrize(
    ("step", "trial", "steps", "gives_up"),
    [
        (0.55, 0.34, 16, True),
        (0.19, 0.28, 16, True),
        (0.05, 0.1, 500, False),
        (0.2, 0.15, 1, False),
        (0.5, 0.15, 1, True),
    ],
)
def test_a_compiled_step_that_is_hopelessly_slow_ends_the_trials(step, trial, steps, gives_up):
    assert compilation.hopeless(step, trial, steps) is gives_up


def test_trials_take_turns(monkeypatch):
    runs = []

    class Noted(compilation.Engine):
        def run(self, order, first, count, totals=None):
            runs.append((self.jit_compile, count))
            return super().run(order, first, count, totals)

    monkeypatch.setattr(compilation, "WORTH_SECONDS", 0.0)
    monkeypatch.setattr("lossexp.trainer.loop.Engine", Noted)
    fitted(Focal(), "auto")
    which, counts = zip(*runs[-3 - 2 * compilation.TRIALS :], strict=True)
    trials = list(which[: 2 * compilation.TRIALS]) if which[0] is False else list(which[1 : 1 + 2 * compilation.TRIALS])
    assert trials == [False, True] * compilation.TRIALS
    assert len(set(counts[1 : 2 * compilation.TRIALS])) == 1


def text(y, p):
    return tf.reduce_mean(p, axis=-1) * tf.cast(tf.strings.length(tf.strings.as_string(p[:, 0])), tf.float32)


def fitted(loss, jit_compile, trainer_class=Trainer):
    with runtime(0):
        model = mlp(DATA.input_shape, 10, hidden=[4])
        trainer = trainer_class(epochs=1, jit_compile=jit_compile, progress=False, stop_on_nonfinite=False)
        return trainer.fit(Parts(DATA, model, loss, keras.optimizers.SGD(0.1)), seed=0)


@pytest.mark.parametrize("trainer_class", [Trainer, KerasTrainer])
def test_what_xla_cannot_compile_is_said_in_a_sentence_with_the_users_line(trainer_class):
    with pytest.raises(InputError) as raised:
        fitted(Adapted(text, on="logits", labels="sparse"), True, trainer_class)
    message = str(raised.value)
    assert message.startswith("trainer.jit_compile=true: XLA cannot compile this run: Detected unsupported operations")
    assert "AsString" in message
    assert f"test_compilation.py, line {text.__code__.co_firstlineno + 1}, in text" in message
    assert "trainer.jit_compile=false" in message
    assert len(message) < 600
    assert "\n" not in message


def test_auto_does_without_xla_there(monkeypatch, caplog):
    monkeypatch.setattr(compilation, "WORTH_SECONDS", 0.0)
    with caplog.at_level("INFO"):
        assert fitted(Adapted(text, on="logits", labels="sparse"), "auto").jit_compile is False
    assert "no XLA, which cannot compile this run: Detected unsupported operations" in caplog.text
