"""Log-probabilities with all their digits, masked classes, and what else several formulas need."""
