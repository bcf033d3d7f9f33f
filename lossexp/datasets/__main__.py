"""`python -m lossexp.datasets dataset=... noise=...`: shows data without training, `lossexp mode=look`."""

import sys

from lossexp.cli import main

if __name__ == "__main__":
    sys.argv[1:] = [*sys.argv[1:], "mode=look"]
    main()
