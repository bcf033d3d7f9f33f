"""Models: `(input_shape, num_outputs, ...) -> keras.Model` returning raw float32 outputs."""
