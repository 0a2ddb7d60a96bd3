# shellcheck shell=bash disable=SC2086,SC2154
# Sourced by av.sh: how a stage runs its programs. Expects ${dry_run}, ${nj}, ${train_cmd}.

log() { echo "$(date '+%Y-%m-%d %H:%M:%S') $*"; }

# run <command>...: run it, or print it with --dry_run. Bash would only act on a signal after the
# command has ended; waiting for a background one lets it pass the signal on at once.
run() {
    if ${dry_run} && [ "$1" = slurm.pl ]; then "$1" --dry_run "${@:2}"; return; fi
    if ${dry_run}; then printf '    %s\n' "$*"; return; fi
    "$@" &
    wait $!
}
stop() { trap '' INT TERM HUP; kill -TERM "${!:-}" 2>/dev/null || true; wait "${!:-}" || true; exit "$1"; }
trap 'stop 143' TERM
trap 'stop 130' INT
trap 'stop 129' HUP

# python_job <log> <bin> [<argument>...]: one job of a data stage
python_job() {
    local log_file=$1 bin=$2; shift 2
    run ${train_cmd} "${log_file}" python3 -m "espnet_av.bin.${bin}" "$@"
}

# parallel_jobs <logdir> <bin> [<argument>...]: nj jobs, each with its part, then one joins them
parallel_jobs() {
    local logdir=$1 bin=$2; shift 2
    run ${train_cmd} "JOB=1:${nj}" "${logdir}/${bin}.JOB.log" \
        python3 -m "espnet_av.bin.${bin}" "$@" --job JOB --num_jobs "${nj}"
    python_job "${logdir}/${bin}.log" "${bin}" "$@" --finish
}

# key <inputs> <words>...: what an output depends on: commands, configurations, earlier stages
key() {
    local inputs=$1; shift
    { printf '%s\n' "$@"; for file in ${inputs}; do cat "${file}" 2>/dev/null || echo none; done; } |
        sha256sum | cut -d ' ' -f 1
}

# once <marker> <inputs> <command>...: run it unless the marker says that just this was done
once() {
    local marker=$1 inputs=$2; shift 2
    local wanted; wanted=$(key "${inputs}" "$@")
    if [ "$(cat "${marker}" 2>/dev/null)" = "${wanted}" ]; then
        log "    up to date: ${marker%/.done*}"
        return
    fi
    "$@"
    # The inputs may have been edited meanwhile: what was done is what they were at the start.
    if ! ${dry_run}; then mkdir -p "${marker%/*}"; echo "${wanted}" >"${marker}"; fi
}

# corpus_roots: name=value of each folder that db.sh sets, or the environment, and local/data.sh uses
corpus_roots() {
    sed -n 's/^\([A-Z][A-Z0-9_]*\)=.*/\1/p' db.sh | while read -r name; do
        if grep -qw -- "${name}" local/data.sh; then echo "${name}=${!name}"; fi
    done
}

# depends_on <words> <command>...: run it; the words are another reason for `once` to run it again
depends_on() { "${@:2}"; }

# is_configured <option> <value>: or say that the stage is skipped because its option is empty
is_configured() {
    [ -n "$2" ] || { log "    not configured (--$1), skipped"; return 1; }
}

# nth <number> <word>...: that word, or the last one when there are fewer; nothing of none
nth() {
    local number=$1; shift
    if [ $# -gt 0 ]; then echo "${@:$(( number < $# ? number : $# )):1}"; fi
}

# experiment_name <config> <options of bin.train>: conf/train_avsr.yaml, --override a=1 -> avsr_a=1
experiment_name() {
    local args=${2//--override /} name
    name=$(basename "$1" .yaml)${args:+_${args}}
    name=${name#train_}
    echo "${name//[^A-Za-z0-9.=-]/_}"
}
