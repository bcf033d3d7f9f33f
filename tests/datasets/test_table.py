from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from lossexp.base.errors import InputError
from lossexp.datasets.columns import from_matrix, matrix, raw
from lossexp.datasets.table import load

DRAW = np.random.default_rng(0)


def frame(n=120) -> pd.DataFrame:
    age, city = DRAW.normal(40, 9, n), DRAW.choice(["Oslo", "Rome", "Lima"], n)
    return pd.DataFrame(
        {
            "age": age,
            "city": city,
            "zip": DRAW.choice([1001, 2002, 3003], n),
            "married": DRAW.choice([True, False], n),
            "kind": np.where((age > 40) ^ (city == "Rome"), "yes", "no"),
        }
    )


def write(folder, table: pd.DataFrame, name="people.csv") -> str:
    path = folder / name
    table.to_parquet(path) if name.endswith("parquet") else table.to_csv(path, index=False)
    return str(path)


@pytest.mark.parametrize("name", ["people.csv", "people.parquet"])
def test_columns_are_numbers_and_categories(tmp_path, name):
    dataset = load(write(tmp_path, frame(), name), "kind")
    assert (dataset.name, dataset.task, dataset.class_names) == ("people", "binary", ("no", "yes"))
    assert [(c.name, c.dtype, c.vocabulary) for c in dataset.inputs.columns] == [
        ("age", "float64", None),
        ("city", "string", ("Lima", "Oslo", "Rome")),
        ("zip", "float64", None),
        ("married", "string", ("False", "True")),
    ]
    assert dataset.input_shape == (1 + 4 + 1 + 3,)
    assert [len(split) for split in dataset.splits.values()] == [86, 10, 24]


def test_kept_rows_are_those_of_the_file(tmp_path):
    people = frame()
    dataset = load(write(tmp_path, people), "kind", categorical=["city", "zip", "married"])
    found = pd.concat(
        pd.DataFrame({k: v[:, 0] for k, v in dataset.inputs.raw(s.x).items()}) for s in dataset.splits.values()
    )
    rows = people.astype({"age": np.float32, "married": str}).drop(columns="kind")
    order = ["age", "zip", "city"]
    left = found.astype({"age": np.float32})[list(rows.columns)].sort_values(order).reset_index(drop=True)
    right = rows.sort_values(order).reset_index(drop=True)
    assert left.astype(str).equals(right.astype(str))


def test_a_matrix_goes_back_and_forth(tmp_path):
    columns = load(write(tmp_path, frame()), "kind", categorical=["city", "zip", "married"]).inputs.columns
    new = pd.DataFrame({"age": [1.5, -2], "city": ["Rome", "Bonn"], "zip": [3003, 9], "married": ["True", "None"]})
    x = matrix(columns, raw(new, {c.name: c.dtype for c in columns}, "new"))
    assert x[:, 1:].tolist() == [[3, 3, 2], [0, 0, 0]]
    assert np.array_equal(matrix(columns, from_matrix(columns, x)), x)


@pytest.mark.parametrize(
    ("rule", "number", "city"),
    [("mean", 2.25, ""), ("median", 1.0, ""), ("most_frequent", 1.0, "Oslo"), ("constant", -1.0, "")],
)
def test_missing_values_by_a_named_rule(tmp_path, rule, number, city):
    """What stands for them comes from the training rows alone."""
    table = pd.DataFrame(
        {
            "size": [1.0, 1.0, 6.0, 1.0, None, 500.0, 700.0, None],
            "city": ["Oslo", "Oslo", "Rome", None, "Oslo", "Bonn", "Bonn", None],
            "kind": [0, 1, 0, 1, 0, 1, 0, 1],
            "part": ["train"] * 5 + ["val", "test", "Test"],
        }
    )
    path = write(tmp_path, table)
    with pytest.raises(InputError, match=r"train rows: values are missing: 1 in size, 1 in city \(of 5 rows\)"):
        load(path, "kind", split="part")
    dataset = load(path, "kind", split="part", missing=rule, fill=-1.0)
    assert [len(split) for split in dataset.splits.values()] == [5, 1, 2]
    assert dataset.train.x[4, 0] == number
    raw_rows = dataset.inputs.raw(dataset.train.x)
    assert raw_rows["city"][3, 0] == city
    assert dataset.inputs.raw(dataset.test.x)["city"][:, 0].tolist() == ["[UNK]", city]


def test_files_for_each_part_and_weights(tmp_path):
    train, test = frame(), frame(30)
    train["w"] = test["w"] = 2.0
    paths = {"train": write(tmp_path, train, "a.csv"), "test": write(tmp_path, test, "b.csv")}
    dataset = load(paths, "kind", weights="w", drop=["zip"])
    assert (len(dataset.test), len(dataset.inputs.columns)) == (30, 3)
    assert set(dataset.train.sample_weight) == {2.0}


def test_semicolons_and_other_marks_of_missing_values(tmp_path):
    path = tmp_path / "cars.csv"
    path.write_text("power;weight;miles\n" + "".join(f"{i if i % 9 else '?'};{i * 2};{i * 0.7}\n" for i in range(60)))
    with pytest.raises(
        InputError, match=r"column power holds numbers, but for '\?' \(7 rows\).*missing_marks=\['\?'\]"
    ):
        load(str(path), "miles")
    dataset = load(str(path), "miles", missing_marks=["?"], missing="median")
    assert (dataset.task, dataset.input_shape) == ("regression", (2,))


@pytest.mark.parametrize(
    ("changes", "settings", "message"),
    [
        ({}, {"target": "sort"}, "no column sort. There are age, city"),
        ({}, {"drop": ["a"]}, "no column a"),
        ({}, {"categorical": ["town"]}, "name town, which must be an input column"),
        ({}, {"categorical": ["age"], "numeric": ["age"]}, "name age"),
        ({}, {"numeric": ["city"]}, "column city holds '.*which is no number"),
        ({}, {"split": "city"}, "says for each row train, val or test"),
        ({"kind": [None] * 3 + ["a", "b"] * 60}, {}, "3 of 123 rows have no kind"),
        ({"name": [f"n{i}" for i in range(123)]}, {}, r"column name has 123 different texts.*dataset\.drop=\[name\]"),
        ({"day": pd.date_range("2020", periods=123)}, {}, "different texts"),
        ({"a/b": np.arange(123)}, {}, "no input whose name has a /"),
        ({"age": [np.inf] + [1.0] * 122}, {}, "values are infinite: 1 in age"),
    ],
)
def test_tables_that_cannot_be_trained_on(tmp_path, changes, settings, message):
    path = write(tmp_path, frame(123).assign(**changes))
    with pytest.raises(InputError, match=message):
        load(path, **{"target": "kind", **settings})


def test_dates_are_refused(tmp_path):
    path = write(tmp_path, frame().assign(day=pd.date_range("2020", periods=120)), "people.parquet")
    with pytest.raises(InputError, match="column day holds dates or times"):
        load(path, "kind")


def test_whole_numbers_stay_the_same_categories_where_some_are_missing(tmp_path):
    """pandas makes real numbers of such a column."""
    path = write(tmp_path, frame().assign(zip=[None, *[1001, 2002] * 59, 1001]))
    dataset = load(path, "kind", categorical=["zip"], missing="median")
    [column] = [c for c in dataset.inputs.columns if c.name == "zip"]
    assert column.dtype == "int64"
    assert {1001, 2002} <= set(column.vocabulary)
    with pytest.raises(InputError, match="column age holds real numbers"):
        load(path, "kind", categorical=["age"])


def test_texts_of_categories_stay_as_they_are_written(tmp_path):
    path = tmp_path / "parts.csv"
    path.write_text("code,kind\n" + "007,a\nA7,b\ntrue,a\n" * 30)
    assert load(str(path), "kind").inputs.columns[0].vocabulary == ("007", "A7", "true")


def test_columns_that_no_list_has_are_named(tmp_path, caplog):
    dataset = load(write(tmp_path, frame()), "kind", categorical=["city"], numeric=["age"])
    assert [c.name for c in dataset.inputs.columns] == ["age", "city"]
    assert "not read: zip, married" in caplog.text


@pytest.mark.parametrize("content", ["", "a,b\n", "\x00\x01\x02"])
def test_files_that_are_no_tables(tmp_path, content):
    (tmp_path / "wrong.csv").write_text(content)
    with pytest.raises(InputError, match=r"wrong\.csv (is no table|has no rows)|no column"):
        load(str(tmp_path / "wrong.csv"), "a")
    with pytest.raises(InputError, match="no such file"):
        load("nowhere.csv", "a")


def test_a_file_of_two_columns_of_one_name_or_more_entries_than_names_is_refused(tmp_path):
    """pandas would rename the second column, or shift all names by one."""
    path = tmp_path / "wrong.csv"
    for header, message in (("a,kind,kind", "two columns are called kind"), ("a,kind", "more entries than")):
        path.write_text(f"{header}\n" + "5,1,0\n3,0,1\n" * 30)
        with pytest.raises(InputError, match=message):
            load(str(path), "kind")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_text_file_in_another_encoding_is_told_as_such(tmp_path, encoding):
    path = tmp_path / "towns.csv"
    path.write_bytes(("town,kind\n" + "Köln,a\nUlm,b\n" * 30).encode(encoding))
    with pytest.raises(InputError, match="not written in UTF-8"):
        load(str(path), "kind")


@pytest.mark.parametrize("number", ["{:,}", "${}", "{}%"])
def test_numbers_that_are_written_in_another_way_are_no_categories(tmp_path, number):
    path = write(tmp_path, frame().assign(price=[number.format(1000 + k % 3 * 1000) for k in range(120)]))
    with pytest.raises(InputError, match="column price holds texts that look like numbers"):
        load(path, "kind")
    assert load(path, "kind", categorical=["price"]).inputs.columns[-1].width == 4


def test_decimals_are_numbers_and_texts_of_digits_are_asked_for(tmp_path):
    people = frame().assign(price=[Decimal(k) / 4 for k in range(120)], digits=["7", "8"] * 60)
    path = write(tmp_path, people.set_index("age"), "people.parquet")
    with pytest.raises(InputError, match=r"numbers that are stored as texts.*dataset\.numeric=\[digits\] or"):
        load(path, "kind")
    columns = {c.name: c.dtype for c in load(path, "kind", numeric=["digits"]).inputs.columns}
    assert [columns[name] for name in ("age", "price", "digits")] == ["float64"] * 3


def test_a_column_that_counts_the_rows_is_told(tmp_path, caplog):
    frame().to_csv(tmp_path / "people.csv")
    load(str(tmp_path / "people.csv"), "kind")
    assert "column Unnamed: 0 counts the rows" in caplog.text


def test_several_targets_of_true_and_false_are_labels(tmp_path):
    people = frame().assign(single=DRAW.choice(["TRUE", "false"], 120))
    path = write(tmp_path, people)
    dataset = load(path, ["married", "single"])
    assert (dataset.task, dataset.class_names) == ("multilabel", ("married", "single"))
    with pytest.raises(InputError, match=r"target city holds '.*columns of numbers"):
        load(path, ["married", "city"])


def test_texts_of_bools_stay_as_they_are_written(tmp_path):
    path = write(tmp_path, frame().assign(open=DRAW.choice(["TRUE", "false"], 120)))
    assert load(path, "kind").inputs.columns[-1].vocabulary == ("TRUE", "false")
