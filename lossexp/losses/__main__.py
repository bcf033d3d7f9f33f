"""`python -m lossexp.losses`: the former name of `python -m lossexp.curves`."""

from lossexp.curves.command import main

if __name__ == "__main__":
    main()
