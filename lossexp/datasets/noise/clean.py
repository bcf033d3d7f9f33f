"""`noise=none`."""


class Clean:
    """No noise: labels stay what they are."""
