#!/usr/bin/env bash
# The control of run.sh: captions that belong to other images, which teach no retrieval. After run.sh.
set -euo pipefail
cd "$(dirname "$0")"

exec ./run.sh --experiments conf/experiments_control.yaml "$@"
