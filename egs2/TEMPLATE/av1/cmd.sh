# shellcheck shell=bash
# How jobs run: on this machine (local), here with their output on the screen (stdout), or by slurm.
# Choose it here, or in the environment: cmd_backend=slurm ./run.sh
cmd_backend=${cmd_backend:-local}

case "${cmd_backend}" in
    local)  export train_cmd="run.pl" cuda_cmd="run.pl" decode_cmd="run.pl" ;;
    stdout) export train_cmd="stdout.pl" cuda_cmd="stdout.pl" decode_cmd="stdout.pl" ;;
    # Partition, account and limits of your cluster are in conf/slurm.conf.
    slurm)  export train_cmd="slurm.pl" cuda_cmd="slurm.pl" decode_cmd="slurm.pl" ;;
    *) echo "cmd.sh: cmd_backend is local, stdout or slurm, not '${cmd_backend}'" >&2; return 1 ;;
esac
