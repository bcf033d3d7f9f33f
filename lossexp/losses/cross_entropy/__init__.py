"""Cross-entropy: the likelihood of the label."""
