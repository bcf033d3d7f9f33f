"""Stopping and continuing: N steps equal k steps, a stop, and N-k steps, bit for bit."""

import keras
import numpy as np
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets.scikit_learn import digits
from lossexp.losses import Focal
from lossexp.process.runtime import runtime
from lossexp.trainer import callback_state
from lossexp.trainer.parts import Parts
from lossexp.trainer.position import Position
from lossexp.trainer.trainer import Trainer

DATA = {"seed": 0, "validation_fraction": 0.1, "test_fraction": 0.2, "limit": 200}


class Killed(Exception):
    """Stands for the end of the process."""


def network(input_shape, num_outputs):
    """Everything that carries state: augmentation, batch normalisation, dropout."""
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.RandomTranslation(0.1, 0.1),
            keras.layers.Flatten(),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(num_outputs, dtype="float32"),
        ]
    )


def optimizer(kind: str) -> keras.optimizers.Optimizer:
    schedule = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=30)
    return {
        "schedule": lambda: keras.optimizers.Adam(schedule),
        "average": lambda: keras.optimizers.SGD(0.05, momentum=0.9, use_ema=True, ema_momentum=0.9),
        "accumulation": lambda: keras.optimizers.AdamW(0.01, gradient_accumulation_steps=3, global_clipnorm=1.0),
    }[kind]()


def train(folder, kind="schedule", precision="float32", stop_at=None, callbacks=(), epochs=4, **settings):
    """Trains in a fresh runtime; `stop_at` ends it after so many steps (7 an epoch), as a kill would."""
    with runtime(0, precision):
        data = digits(**DATA)
        model = network(data.input_shape, 10)
        settings = {"checkpoint_seconds": 0.0, "jit_compile": False, "progress": False, **settings}
        trainer = Trainer(epochs=epochs, precision=precision, callbacks=callbacks, **settings)
        if stop_at is not None:
            trainer.fit = stopping(trainer.fit, stop_at)
        fit = trainer.fit(Parts(data, model, Focal(), optimizer(kind)), seed=0, folder=folder)
        variables = [np.asarray(v) for v in model.variables]
        return fit.history, variables, fit.monitor


def stopping(fit, calls):
    """`fit`, one step a call, whose engine raises after so many calls."""
    from lossexp.trainer import engine, loop

    def stopped(*args, **kwargs):
        original, seconds, done = engine.Engine.run, loop.CALL_SECONDS, [0]

        def run(self, *a, **k):
            done[0] += 1
            if done[0] > calls:
                raise Killed
            return original(self, *a, **k)

        engine.Engine.run, loop.CALL_SECONDS = run, 0.0
        try:
            return fit(*args, **kwargs)
        finally:
            engine.Engine.run, loop.CALL_SECONDS = original, seconds

    return stopped


@pytest.fixture(scope="module")
def whole():
    """A training that nothing interrupts."""
    return train(None)


def assert_identical(one, other):
    timeless = [[{k: v for k, v in r.items() if not k.startswith("time/")} for r in h[0]] for h in (one, other)]
    assert timeless[0] == timeless[1]
    for mine, theirs in zip(one[1], other[1], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    for mine, theirs in zip(one[2].best_weights, other[2].best_weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("kind", "precision"),
    [("schedule", "float32"), ("average", "mixed_float16"), ("accumulation", "mixed_bfloat16")],
)
def test_a_stopped_training_continues_bit_for_bit(kind, precision, tmp_path):
    whole = train(tmp_path / "whole", kind, precision)
    with pytest.raises(Killed):
        train(tmp_path / "parts", kind, precision, stop_at=10)  # in the middle of the second epoch
    assert_identical(train(tmp_path / "parts", kind, precision), whole)


def early_stopping():
    return [
        keras.callbacks.EarlyStopping("val_accuracy", patience=2, restore_best_weights=True, min_delta=0.2),
        keras.callbacks.ReduceLROnPlateau("val_nll", factor=0.5, patience=1, min_delta=1.0),
    ]


def test_callbacks_continue_where_they_were(tmp_path):
    whole = train(tmp_path / "whole", "average", callbacks=early_stopping(), epochs=8)
    assert len(whole[0]) < 8
    assert whole[0][-1]["learning_rate"] < 0.05
    with pytest.raises(Killed):
        train(tmp_path / "parts", "average", callbacks=early_stopping(), epochs=8, stop_at=16)
    assert_identical(train(tmp_path / "parts", "average", callbacks=early_stopping(), epochs=8), whole)


class Notes(keras.callbacks.Callback):
    """A user's callback with state of every kind."""

    def __init__(self):
        super().__init__()
        self.losses, self.best, self.sums, self.seen = [], {}, np.zeros(2), set()

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(logs["loss"])
        self.best[f"epoch {epoch}"] = [logs["val_accuracy"]]
        self.sums = self.sums + 1.0
        self.seen.add(epoch)


def test_a_users_callback_continues_with_its_lists_and_arrays(tmp_path, caplog):
    (whole, parts), stopped = (Notes(), Notes()), Notes()
    train(tmp_path / "whole", callbacks=[whole])
    with pytest.raises(Killed):
        train(tmp_path / "parts", callbacks=[stopped], stop_at=16)
    train(tmp_path / "parts", callbacks=[parts])
    assert (parts.losses, parts.best) == (whole.losses, whole.best)
    np.testing.assert_array_equal(parts.sums, whole.sums)
    assert caplog.text.count("Notes.seen is not kept") == 3  # once a training


def test_a_trace_that_died_with_its_process_is_not_continued(tmp_path):
    board = keras.callbacks.TensorBoard(str(tmp_path))
    board._is_tracing = True
    assert "_is_tracing" not in callback_state.plain(board)


def test_how_an_epoch_is_cut_into_calls_changes_no_bit(whole):
    class EveryBatch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            pass

    assert_identical(train(None, callbacks=[EveryBatch()]), whole)


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(whole, tmp_path, caplog):
    with pytest.raises(Killed):
        train(tmp_path / "parts", stop_at=16)
    newest = sorted((tmp_path / "parts").glob("step-*"))[-1]
    data = next(newest.glob("variables.data*"))
    data.write_bytes(b"\0" * 100)
    assert_identical(train(tmp_path / "parts"), whole)
    assert "damaged" in caplog.text
    assert newest.with_name(f"damaged-{newest.name}").is_dir()


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    train(tmp_path)
    with pytest.raises(ValueError, match=r"another model or optimizer.*rerun=true"):
        train(tmp_path, kind="average")


def test_a_checkpoint_of_another_version_is_refused():
    with pytest.raises(InputError, match=r"another version of lossexp.*rerun=true"):
        Position.from_json({**Position().as_json(), "of_the_future": 1})
    assert Position.from_json(Position(epoch=2).as_json()) == Position(epoch=2)


def test_a_bounded_number_of_checkpoints_is_kept(tmp_path):
    train(tmp_path, keep_checkpoints=3)
    assert len(list(tmp_path.glob("step-*"))) == 3
    assert not list(tmp_path.glob(".unfinished*"))


def test_a_disk_that_refuses_leaves_the_last_good_checkpoint(tmp_path, monkeypatch, caplog):
    with pytest.raises(Killed):
        train(tmp_path, stop_at=3)
    before = sorted(tmp_path.glob("step-*"))

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(Killed):
        train(tmp_path, stop_at=2)
    assert sorted(tmp_path.glob("step-*")) == before
    assert "No space left" in caplog.text


def test_averaged_weights_are_what_is_evaluated(tmp_path):
    history, variables, monitor = train(None, "average")
    assert history
    assert any(not np.array_equal(w, v) for w, v in zip(monitor.best_weights, variables))


def test_host_windows_give_the_same_bits_as_device_residence(whole):
    assert_identical(train(None, device_megabytes=0.0), whole)


def test_deterministic_gives_the_same_bits_twice():
    def once():
        with runtime(0, deterministic=True):
            data = digits(**DATA)
            model = network(data.input_shape, 10)
            Trainer(epochs=2, deterministic=True, progress=False).fit(
                Parts(data, model, Focal(), optimizer("schedule")), seed=0
            )
            return [np.asarray(v) for v in model.variables]

    for mine, theirs in zip(once(), once(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
