"""What is global to a process: seeds, precision, determinism, signals, the first import of TensorFlow."""
