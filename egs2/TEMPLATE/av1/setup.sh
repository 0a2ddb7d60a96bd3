#!/usr/bin/env bash
# Start a new recipe: egs2/TEMPLATE/av1/setup.sh egs2/<corpus>/<task>1
# Links to the shared scripts, so that a fix here reaches every recipe; conf/ and local/ are its own.
set -euo pipefail

if [ $# -ne 1 ]; then
    echo "Usage: $0 egs2/<corpus>/<task>1" >&2; exit 1
fi
root=$(cd "$(dirname "$0")/../../.." && pwd)
target=$1
mkdir -p "${target}/conf" "${target}/local"
target=$(cd "${target}" && pwd)
case "${target}" in
    "${root}"/egs2/*/*/*) echo "$0: ${target}: expected egs2/<corpus>/<task>1" >&2; exit 1 ;;
    "${root}"/egs2/*/*) ;;
    *) echo "$0: ${target} is not inside ${root}/egs2" >&2; exit 1 ;;
esac
for name in av.sh cmd.sh path.sh db.sh; do
    ln -sfn "../../TEMPLATE/av1/${name}" "${target}/${name}"
done
ln -sfn ../../../TEMPLATE/av1/conf/slurm.conf "${target}/conf/slurm.conf"
ln -sfn ../../../utils "${target}/utils"
echo "made ${target}: now write run.sh, conf/*.yaml, local/data.sh and README.md"
