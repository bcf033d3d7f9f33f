"""Label noise: wrong labels, made from a seed, in training and validation data. docs/noise.md has the kinds."""
