import json
import math

import pytest

from lossexp.tracking.metrics_file import append_metrics, read_metrics, write_metrics


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.jsonl"


def test_records_come_back_in_the_order_of_steps(path):
    append_metrics(path, {"val/nll": 0.5}, 20)
    append_metrics(path, {"val/nll": 0.7, "val/accuracy": 0.25}, 10)
    records = read_metrics(path)
    assert [r["step"] for r in records] == [10, 20]
    assert records[0]["metrics"] == {"val/nll": 0.7, "val/accuracy": 0.25}


def test_one_step_is_one_record_and_later_values_win(path):
    append_metrics(path, {"train/loss": 1.0}, 10)
    append_metrics(path, {"train/loss": 2.0, "val/nll": 3.0}, 10)
    assert [r["metrics"] for r in read_metrics(path)] == [{"train/loss": 2.0, "val/nll": 3.0}]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_non_finite_values_are_legal_json_and_come_back(path, value):
    append_metrics(path, {"train/loss": value}, 1)
    json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert str(read_metrics(path)[0]["metrics"]["train/loss"]) == str(value)


def test_a_torn_last_line_costs_only_itself(path):
    append_metrics(path, {"a": 1.0}, 1)
    with open(path, "a") as file:
        file.write('{"step": 2, "time": 1.0, "met')
    append_metrics(path, {"a": 3.0}, 3)
    assert [r["step"] for r in read_metrics(path)] == [1, 3]


def test_a_missing_file_has_no_records(path):
    assert read_metrics(path) == []


@pytest.mark.parametrize("time", ["NaN", "1e999", "-1", "1e300", '"now"', "null"])
def test_a_time_that_is_none_does_not_stop_the_file_from_being_written_anew(path, time):
    path.write_text(f'{{"step": 7, "time": {time}, "metrics": {{"a": 5.0}}}}\n')
    write_metrics(path, [({"a": 1.0}, 7), ({"a": 2.0}, 14)])
    assert [r["metrics"]["a"] for r in read_metrics(path)] == [1.0, 2.0]
