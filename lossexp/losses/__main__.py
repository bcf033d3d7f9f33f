"""`python -m lossexp.losses`: pictures of losses."""

from lossexp.drawing import main

if __name__ == "__main__":
    main()
