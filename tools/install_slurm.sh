#!/usr/bin/env bash
# Install Slurm and munge from Debian's or Ubuntu's packages, for the tests that run a cluster on
# this machine (test/slurm). Needs root and the network; starts no service.
set -euo pipefail

missing=""
for program in munged slurmctld slurmd sbatch srun; do
    PATH="${PATH}:/usr/sbin:/sbin" command -v "${program}" >/dev/null || missing+=" ${program}"
done
if [ -z "${missing}" ]; then echo "Slurm is installed"; exit 0; fi
if ! command -v apt-get >/dev/null; then
    echo "$0: no apt-get here; install Slurm and munge by hand (missing:${missing})" >&2; exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "$0: missing:${missing}; run it as root: sudo $0" >&2; exit 1
fi
# Debian's hook that keeps a package from starting its service; what was there is put back.
policy=/usr/sbin/policy-rc.d
if [ ! -e "${policy}" ]; then
    printf '#!/bin/sh\nexit 101\n' >"${policy}"; chmod +x "${policy}"
    trap 'rm -f "${policy}"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
timeout 120 apt-get -qq update
timeout 300 apt-get -qq install --yes --no-install-recommends munge slurmctld slurmd slurm-client
