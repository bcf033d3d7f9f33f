"""Models: functions `(input_shape, num_outputs, ...) -> keras.Model`, whose outputs are raw and float32."""
