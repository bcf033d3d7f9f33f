"""`python -m lossexp.curves loss=focal,ce`: pictures of losses."""

from lossexp.curves.command import main

if __name__ == "__main__":
    main()
