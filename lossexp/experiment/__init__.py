"""One run: from a composed config to scores."""
