"""The process that starts passes (crawler.nursery), with passes that end within seconds when they are told to."""

import os
import sys

from crawler import process

process.GRACE, process.PATIENCE = 0.8, 1.5

if __name__ == "__main__":
    from crawler import nursery  # only now: what it imports takes those times with it

    code = nursery.main()
    sys.stderr.flush()
    os._exit(code)
