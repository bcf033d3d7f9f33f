"""Whole-split prediction in one call."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from lossexp.base.variables import untouched, variables_of
from lossexp.datasets.stored import StoredInputs, chunks
from lossexp.trainer.step import predict_step


class Predictor:
    """Raw float32 outputs of a model for a whole split, in one compiled call; in chunks from the host or its disk.

    Batches have a fixed size; the last is filled up with repeated examples whose outputs are dropped,
    which inference does not notice. One trace serves every split. State that the model changes when it is called
    is put back.
    """

    def __init__(self, model: keras.Model, batch_size: int = 1024):
        @tf.function(reduce_retracing=True)
        def predict(x: tf.Tensor) -> tf.Tensor:
            n = tf.shape(x)[0]
            batches = (n + batch_size - 1) // batch_size
            results = tf.TensorArray(tf.float32, size=batches)
            for i in tf.range(batches):
                index = tf.minimum(tf.range(i * batch_size, (i + 1) * batch_size), n - 1)
                results = results.write(i, predict_step(model, tf.gather(x, index)))
            return results.concat()[:n]

        self._predict = predict
        trained = {id(variable.value) for variable in model.trainable_variables}
        self._state = [variable for variable in variables_of(model) if id(variable) not in trained]

    def __call__(self, x: np.ndarray | tf.Tensor | StoredInputs) -> np.ndarray:
        """Returns `[n, ..., num_outputs]` float32.

        x: `[n, *input_shape]`; a tensor is on the device already, anything else is sent there in chunks.
        """
        with untouched(self._state):
            if isinstance(x, tf.Tensor):
                return self._predict(x).numpy()
            return np.concatenate([self._predict(tf.constant(part)).numpy() for part in chunks(x)])
