"""`python -m lossexp.tracking sync runs`: sends what runs could not send."""

from lossexp.tracking.command import main

if __name__ == "__main__":
    main()
