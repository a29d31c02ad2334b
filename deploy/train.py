"""Trains the models of an instance inside a job of Spark, beside whatever else a cluster runs.

    ANTIPHON_STORE=mongodb://… ANTIPHON_ARTEFACTS=s3://… spark-submit deploy/train.py [--force …]

What stands behind the file's name is for `antiphon train`. The same Antiphon (`antiphon[cluster]`)
has to be installed where the driver and the executors run. docs/deploying.md says more.
"""

import os
import sys

from antiphon.cli import main

if __name__ == "__main__":
    # The session that spark-submit has prepared, whatever its master is.
    os.environ["ANTIPHON_COMPUTE"] = "spark-submit:"
    sys.argv = ["antiphon", "train", *sys.argv[1:]]
    main()
