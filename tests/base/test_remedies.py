import re

import keras
import pytest
import tensorflow as tf

from lossexp.base.remedies import remedy


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (lambda x: x.numpy(), "compute with keras.ops"),
        (lambda x: float(x[0]), r"for NumPy, float\(\)"),
        (lambda x: 1 if x[0] > 0 else 0, r"keras\.ops\.where.*trainer\.eager=true"),
        (lambda x: list(x), "Python's loops"),
        (lambda x: tf.zeros(x.shape), r"keras\.ops\.shape\(x\)\[0\]"),
        (lambda x: tf.reduce_sum(x) / x.shape[0], r"keras\.ops\.shape\(x\)\[0\]"),
        (lambda x: x * tf.constant([1, 2]), "cast them"),
        (lambda x: tf.cast(x, tf.bfloat16) * tf.ones([2]), r"trainer\.precision=float32"),
        (lambda x: keras.backend.clip(x, 0, 1), r"It is keras\.ops\.clip now"),
        (lambda _: keras.optimizers.Adam(lr=0.1), "learning_rate"),
        (lambda x: tf.log(x), r"It is tf\.math\.log now"),
        (lambda x: keras.backend.no_such_thing(x), r"in keras\.ops"),
        (lambda x: [][3], "^$"),
        (lambda x: None.mean(x), "^$"),
    ],
)
def test_what_to_write_instead(use, said):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    @tf.autograph.experimental.do_not_convert
    def step(x):
        return use(x)

    with pytest.raises(Exception) as raised:  # noqa: PT011 - of any kind
        step(tf.constant([1.0, 2.0]))
    assert re.search(said, remedy(raised.value)), remedy(raised.value)
