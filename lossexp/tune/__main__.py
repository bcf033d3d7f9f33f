"""`python -m lossexp.tune`."""

from lossexp.tune.command import main

if __name__ == "__main__":
    main()
