import numpy as np
import pytest

from lossexp.tracking.params import LONGEST, as_params, flatten


def test_nested_mappings_become_dotted_keys():
    assert flatten({"loss": {"gamma": 2.0, "of": {"name": "a"}}, "seed": 1, "none": {}}) == {
        "loss.gamma": 2.0,
        "loss.of.name": "a",
        "seed": 1,
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2.0"),
        (3, "3"),
        (1e-5, "1e-05"),
        (True, "True"),
        ([0.25, 0.5], "[0.25, 0.5]"),
        ("focal", "focal"),
        (np.float32(0.1), "0.1"),
        (np.int64(7), "7"),
        ("http://me:secret@host:5000/x", "http://me:***@host:5000/x"),
    ],
)
def test_values_read_as_what_they_are(value, text):
    assert as_params({"key": value}) == {"key": text}


def test_what_is_not_set_is_no_parameter():
    assert as_params({"loss": {"alpha": None, "gamma": 2.0}}) == {"loss.gamma": "2.0"}


def test_a_long_value_is_cut_and_says_so():
    text = as_params({"key": "x" * 10_000})["key"]
    assert len(text) == LONGEST
    assert text.endswith("[cut: 10000 characters in all]")


def test_keys_are_made_legal():
    assert as_params({"a=b": 1, "c@[d]": 2}) == {"a_b": "1", "c__d_": "2"}
