"""The one exception for bad input."""


class InputError(ValueError):
    """Something the user gave cannot work; the message says what, where it was set and what would work.

    The command line prints the message as one paragraph, without a traceback.
    """
