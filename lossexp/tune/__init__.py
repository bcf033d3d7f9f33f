"""`python -m lossexp.tune`: the settings under which each loss does best, and the losses compared under these."""
