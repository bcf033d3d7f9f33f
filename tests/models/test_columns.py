"""Layers do to raw columns what `columns.matrix` does, and to the matrix what a model computes with."""

import keras
import numpy as np
import pytest

from lossexp.datasets.columns import MISSING, Column, matrix
from lossexp.models.preprocessing import gathered, of_columns, slots

COLUMNS = (
    Column("age", "float64", fill=40.5),
    Column("city", "string", ("Lima", "Oslo", "Rome"), fill="Oslo"),
    Column("place", "string", ("", "here", "there")),
    Column("zip", "int64", (-1, 7, 9)),
    Column("code", "int64", (3, 1001), fill=1001),
    Column("income (a year)", "float64"),
)
ROWS = {
    "age": [1.5, np.nan, 3.0, 4.0],
    "city": ["Rome", "", "Bonn", "Lima"],
    "place": ["here", "", "nowhere", "there"],
    "zip": [9, MISSING["int64"], 8, -1],
    "code": [3, MISSING["int64"], 1001, 5],
    "income (a year)": [1.0, 2.0, 3.0, 4.0],
}
RAW = {name: np.array(values, object if isinstance(values[0], str) else None)[:, None] for name, values in ROWS.items()}


def test_raw_columns_become_the_matrix_that_is_trained_on():
    given = {c.name: keras.Input((1,), dtype=c.dtype, name=c.name) for c in COLUMNS}
    model = keras.Model(given, gathered(COLUMNS, given, np.dtype(np.float64)))
    assert np.array_equal(model(RAW), matrix(COLUMNS, RAW))


def test_a_column_may_have_the_name_of_a_layer(tmp_path):
    names = ("mlp", "concatenate", "where", "string_lookup", "categories", "column_0", "cast", "inputs")
    columns = tuple(Column(name, "float64", fill=0.0) for name in names)
    inner = keras.Sequential([keras.Input((len(names),)), keras.layers.Dense(2)], name="mlp")
    model = of_columns(inner, columns, np.dtype(np.float32))
    model.save(tmp_path / "model.keras")
    rows = {name: np.full((3, 1), float(i)) for i, name in enumerate(names)}
    expected = inner(np.tile(np.arange(len(names), dtype=np.float32), (3, 1)))
    assert np.allclose(keras.saving.load_model(tmp_path / "model.keras")(rows), expected)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_each_category_has_its_slot_under_every_precision(policy):
    """As float16 or bfloat16 the numbers of hundreds of categories would be rounded."""
    columns = (Column("size", "float64"), Column("kind", "int64", tuple(range(3000))))
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        layer = slots(columns)
        model = keras.Sequential([keras.Input((2,)), layer])
        numbers = np.array([0, 1, 257, 2049, 3000])
        found = np.asarray(model(np.stack([np.full(5, 0.1), numbers], axis=1).astype(np.float32)))
    finally:
        keras.config.set_dtype_policy(before)
    assert np.allclose(found[:, 0], 0.1)
    assert np.array_equal(found[:, 1:], np.eye(3001)[numbers])
