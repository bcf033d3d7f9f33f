"""Intervals, choices and ranges as dimensions, and the sets that they belong to."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from lossexp.base.errors import InputError
from lossexp.tune.space import Dimension, spaces
from tests.tune.recorded import RATE, UNLIKE, composed


def dimension(text):
    return Dimension.of(OverridesParser.create().parse_override(text))


def spaces_of(*arguments):
    with composed(*arguments) as (config, loader):
        return spaces(config, arguments, loader)


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("loss.gamma=interval(0,5)", 3.5759468, "loss.gamma=3.57595"),
        ("loss.gamma=interval(0,5)", 0.0, "loss.gamma=0"),
        (RATE, 0.00012345678, "optimizer.learning_rate=0.000123457"),
        ("trainer.epochs=int(interval(1,9000000))", 1234567, "trainer.epochs=1234567"),
        ("loss.alpha=null,0.25", "null", "loss.alpha=null"),
        ("+loss.x=choice(a,b)", "b", "+loss.x=b"),
        ("model.hidden=[64,32],[16]", "[64,32]", "model.hidden=[64,32]"),
        ("trainer.epochs=range(2,10,2)", 3, "trainer.epochs=8"),
    ],
)
def test_a_value_becomes_an_override_that_can_be_read(text, value, said):
    assert dimension(text).override(value) == said


@given(st.floats(1e-12, 1e12))
def test_numbers_in_overrides_are_those_that_were_asked_for_to_six_digits(value):
    text = Dimension("x", dimension("x=interval(0,1e13)").distribution).override(value)
    assert OverridesParser.create().parse_override(text).value() == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "config", "place"),
    [
        ("loss.gamma=interval(0,5)", {"loss": {"gamma": 2.0}}, 2.0),
        ("loss.gamma=interval(3,5)", {"loss": {"gamma": 2.0}}, None),
        ("loss.alpha=interval(0,1)", {"loss": {"alpha": None}}, None),
        ("loss.alpha=null,0.25", {"loss": {"alpha": None}}, "null"),
        ("loss.alpha=0.25,0.5", {"loss": {"alpha": None}}, None),
        ("model.hidden=[64],[16]", {"model": {"hidden": [16]}}, "[16]"),
        ("trainer.epochs=range(2,10,2)", {"trainer": {"epochs": 4}}, 1),
        ("optimizer=adam,sgd", {"optimizer": {}}, "sgd"),
    ],
)
def test_the_default_has_its_place_among_the_values_or_none(text, config, place):
    config = OmegaConf.create(config | {"hydra": {"runtime": {"choices": {"optimizer": "sgd"}}}})
    assert dimension(text).place(config) == place


def test_each_set_is_a_space_with_the_common_dimensions():
    ce, focal = spaces_of(UNLIKE, RATE, "model=mlp", "tune.trials=3", "sweep.n_jobs=2")
    assert ce.common == focal.common == ("model=mlp",)
    assert (ce.own, focal.own) == (("loss=ce",), ("loss=focal",))
    assert [d.key for d in ce.dimensions] == ["optimizer.learning_rate"]
    assert [d.key for d in focal.dimensions] == ["loss.gamma", "optimizer.learning_rate"]


@pytest.mark.parametrize("arguments", [("loss=ce,gce",), ('sets=["loss=ce,gce"]',), ('sets=["loss=ce","loss=gce"]',)])
def test_several_losses_are_as_many_spaces(arguments):
    assert [space.own for space in spaces_of(*arguments, RATE)] == [("loss=ce",), ("loss=gce",)]


def test_ranges_and_globs_mean_what_they_mean_in_a_sweep():
    [space] = spaces_of("model=glob(*mlp)", "trainer.epochs=range(1,4)")
    assert [d.texts for d in space.dimensions] == [("mlp", "sparse_mlp"), ("1", "2", "3")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("loss.gamma=interval(5,1)",), r"interval\(5,1\): `low <= high`"),
        (("loss.gamma=tag(log,interval(0,1))",), "log"),
        (("loss.gamma=interval(0,inf)",), "two numbers to look between"),
        (("seed=0,1",), "tune.seeds"),
        (("seeds=3",), "tune.seeds"),
        ((UNLIKE, "loss=gce"), "loss is given on the command line and in the set"),
        (("loss=glob(zzz*)",), "has no values"),
    ],
)
def test_what_cannot_be_searched_is_refused(arguments, said):
    with pytest.raises(InputError, match=said):
        spaces_of(*arguments)
