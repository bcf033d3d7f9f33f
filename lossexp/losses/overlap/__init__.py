"""Differentiable forms of Dice, Tversky and Jaccard."""
