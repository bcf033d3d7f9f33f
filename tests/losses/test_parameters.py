"""Parameters are declared once: the constructor, its checks and what is saved follow from the declaration."""

from __future__ import annotations

import ast
import builtins
import copy
import inspect
import pickle
import typing
from dataclasses import MISSING, fields
from typing import Annotated, ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf

from lossexp import losses
from lossexp.base import checks
from lossexp.base.checks import NonNegative
from lossexp.base.errors import InputError
from lossexp.config import build
from lossexp.losses import Adapted, Focal, Loss, Tversky
from lossexp.losses.base.multiclass import MulticlassLoss

CLASSES = [c for c in map(losses.__dict__.get, sorted(losses.__all__)) if isinstance(c, type) and issubclass(c, Loss)]
Y, Z = np.array([0, 2]), np.array([[1.0, 2.0, 3.0], [0.5, 0.0, -1.0]], np.float32)
every_loss = pytest.mark.parametrize("loss", CLASSES)


@every_loss
def test_every_parameter_is_checked_by_its_declaration(loss):
    required = {"fn": keras.losses.Huber()} if loss is Adapted else {}
    for field in fields(loss):
        if field.name in required:
            continue
        with pytest.raises(InputError, match=rf"^{loss.__name__}\.{field.name}=.*: give "):
            loss(**required, **{field.name: object()})


@every_loss
def test_hints_can_be_read_without_importing_the_loss(loss):
    """From the source: they are made of names of `typing`, of `lossexp.base.checks` and of Python."""
    known = {**vars(builtins), **vars(typing), **vars(checks)}
    for base in loss.__mro__:
        if not base.__module__.startswith("lossexp.losses"):
            continue
        node = ast.parse(inspect.getsource(base)).body[0]
        assert isinstance(node, ast.ClassDef)
        for declared in node.body:
            if isinstance(declared, ast.AnnAssign):
                hint = eval(ast.unparse(declared.annotation), known)
                assert hint == base.__annotations__[declared.target.id] or declared.target.id == "fn"


def test_no_loss_of_ours_writes_a_constructor():
    for loss in CLASSES:
        assert loss.__init__.__code__.co_filename == "<string>", loss
    assert len(CLASSES) > 75


@keras.saving.register_keras_serializable("tests")
class Steeper(Focal):
    gamma = 5.0
    label_smoothing: ClassVar[float] = 0.1
    slope: NonNegative = 1

    def __post_init__(self):
        super().__post_init__()
        self.twice = 2 * self.slope

    def values(self, targets, logits):
        return self.slope * super().values(targets, logits)


def test_a_subclass_declares_only_what_differs():
    loss = Steeper(slope=3)
    assert (loss.gamma, loss.slope, loss.twice, loss.label_smoothing, loss.alpha) == (5.0, 3.0, 6.0, 0.1, None)
    assert isinstance(loss.slope, float)
    assert Steeper(gamma=1).gamma == 1.0
    with pytest.raises(TypeError, match="label_smoothing"):
        Steeper(label_smoothing=0.2)
    with pytest.raises(InputError, match=r"Steeper\.gamma=-1\.0: give a number in \[0, inf\)"):
        Steeper(gamma=-1.0)
    with pytest.raises(InputError, match=r"Steeper\.slope=-1(\.0)?: give a number in \[0, inf\)"):
        Steeper(slope=-1)
    assert "label_smoothing" not in loss.get_config()
    expected = 3 * Focal(gamma=5.0, label_smoothing=0.1, reduction="none")(Y, Z)
    np.testing.assert_allclose(loss.call(Y, Z), expected, 1e-6)


@keras.saving.register_keras_serializable("tests")
class Fixes(Focal):
    """In Keras's usual form: keeps one parameter under another name, and fixes two of its base."""

    def __init__(self, power=1.0, **kwargs):
        super().__init__(label_smoothing=0.1, name="mine", **kwargs)
        self._power = power

    def values(self, targets, logits):
        return self._power * super().values(targets, logits)


@keras.saving.register_keras_serializable("tests")
class Plain(MulticlassLoss):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def values(self, targets, logits):
        return self.scale * tf.reduce_sum(targets * logits, axis=-1)


@keras.saving.register_keras_serializable("tests")
class Bare(Loss):
    def __init__(self):
        super().__init__(name="bare")

    def call(self, y_true, y_pred):
        return tf.reduce_sum(y_pred, axis=-1)


@keras.saving.register_keras_serializable("tests")
class Twice(MulticlassLoss):
    """Around another loss."""

    def __init__(self, inner, weights=(1.0, 1.0), **kwargs):
        super().__init__(**kwargs)
        self.inner, self.weights = inner, weights

    def values(self, targets, logits):
        return tf.reduce_sum(self.weights) * self.inner.values(targets, logits)


@keras.saving.register_keras_serializable("tests")
class Scaled(Focal):
    """Makes other values of what it is given, once under the parameter's own name."""

    def __init__(self, gamma=2.0, percent=50.0, **kwargs):
        super().__init__(gamma=2.0 * gamma, **kwargs)
        self.percent = percent / 100.0

    def values(self, targets, logits):
        return self.percent * super().values(targets, logits)


@keras.saving.register_keras_serializable("tests")
class Sum(MulticlassLoss):
    """Losses in a list and in a dictionary."""

    def __init__(self, losses, named, **kwargs):
        super().__init__(**kwargs)
        self.losses, self.named = losses, named

    def values(self, targets, logits):
        return sum(loss.values(targets, logits) for loss in [*self.losses, *self.named.values()])


OWN = [
    Scaled(gamma=3.0, percent=20.0),
    Sum([Focal(gamma=3), Scaled(1.0)], {"a": losses.CrossEntropy(), "b": Focal(gamma=1)}),
    Steeper(slope=3, ignore_class=1, reduction="sum"),
    Fixes(power=3, gamma=1, alpha=[1, 2, 3]),
    Fixes(2.0),
    Plain(scale=2.0, class_weight=[1, 2, 3], reduction="sum", name="plain"),
    Plain(ignore_class=0),
    Bare(),
    Twice(Focal(gamma=3), np.array([0.5, 1.0], np.float32), reduction="none"),
]


@pytest.mark.parametrize("loss", OWN, ids=lambda loss: type(loss).__name__)
def test_losses_of_a_users_own_are_saved(loss, tmp_path):
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(3)])
    model.compile("sgd", loss=loss)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").loss
    again = type(loss).from_config(loss.get_config())
    for other in (loaded, again, copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert type(other) is type(loss)
        assert other.reduction == loss.reduction
        np.testing.assert_array_equal(other(Y, Z), loss(Y, Z))


def test_what_is_changed_afterwards_is_saved():
    loss = Focal(gamma=1.0)
    loss.gamma = 4.0
    assert Focal.from_config(loss.get_config()).gamma == 4.0


def test_float32_is_accepted_however_it_is_said():
    for dtype in (None, "float32", keras.DTypePolicy("float32"), tf.float32, np.dtype("float32")):
        assert Focal(dtype=dtype).dtype == Plain(dtype=dtype).dtype == "float32"
    for dtype in ("float16", "float64", keras.DTypePolicy("mixed_bfloat16"), tf.bfloat16):
        with pytest.raises(InputError, match=r"Focal\.dtype=.*: give float32"):
            Focal(dtype=dtype)
    assert "dtype" not in Focal(dtype="float32").get_config()


def test_a_refusal_names_the_setting_of_the_config():
    for given, message in (
        ({"_target_": "lossexp.losses.Focal", "gamma": -1}, r"^loss\.gamma=-1(\.0)?: give a number in \[0, inf\)\.$"),
        ({"_target_": "lossexp.losses.Focal", "alpha": [1, -2]}, r"^loss\.alpha\[1\]=-2(\.0)?: give a number"),
        ({"_target_": "lossexp.losses.Dice", "over": "image"}, r"^loss\.over=image: give one of auto, example, class,"),
        ({"_target_": "lossexp.losses.BiTempered", "t1": 1, "t2": 0.5}, r"^loss\.t2=0\.5"),
        ({"_target_": "lossexp.losses.Tversky", "alpha": 0, "beta": 0}, r"^loss\.alpha=0\.0 and beta=0\.0"),
        ({"_target_": "lossexp.losses.Forward", "T": [[1, 1], [0, 1]]}, r"^loss\.T\[0\]=\[1"),
        ({"_target_": "lossexp.losses.LDAM", "class_counts": [3, 0]}, r"^loss\.class_counts\[1\]=0"),
    ):
        with pytest.raises(InputError, match=message):
            build(given, "loss")


@pytest.mark.parametrize(
    ("loss", "given"),
    [
        (Focal, {"alpha": [0, 0, 0]}),
        (Focal, {"alpha": 0}),
        (losses.CrossEntropy, {"class_weight": {0: 0, 1: 0.0}}),
        (losses.CORAL, {"importance": [0]}),
        (losses.Tversky, {"alpha": 0, "beta": 0}),
        (losses.SCE, {"alpha": 0, "beta": 0}),
        (losses.NCEMAE, {"alpha": 0, "beta": 0}),
        (losses.NFLRCE, {"alpha": 0, "beta": 0}),
    ],
)
def test_weights_that_are_all_zero_are_refused(loss, given):
    """Nothing would be trained, and nobody told."""
    with pytest.raises(
        InputError, match=rf"^{loss.__name__}\.{next(iter(given))}=.*0.*: give .*(above 0|\(0, inf\)|not all of them 0)"
    ):
        loss(**given)


def test_whole_numbers_are_floats_by_the_declaration():
    assert Tversky(alpha=1, beta=np.int64(2), smooth=np.array(3)).get_config()["smooth"] == 3.0
    assert [type(v) for k, v in Tversky(alpha=1).get_config().items() if k in ("alpha", "beta")] == [float, float]


def test_a_subclass_may_declare_what_only_type_checkers_know():
    class Lenient(MulticlassLoss):
        anything: NotImported = None  # noqa: F821
        strict: Annotated[float, checks.Interval("[2, 3]")] = 2.0

    assert Lenient(anything=[1]).anything == [1]
    assert next(f for f in fields(Lenient) if f.name == "strict").default is not MISSING
