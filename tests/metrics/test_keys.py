from lossexp.metrics.keys import keys


def test_keys_are_legal_and_unique():
    assert keys("recall", ["a/b", "a_b", "", "x"]) == ["recall/a_b", "recall/a_b_1", "recall/2", "recall/x"]
