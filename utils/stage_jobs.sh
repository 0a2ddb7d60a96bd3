# shellcheck shell=bash disable=SC2046,SC2086,SC2154
# Sourced by av.sh: what the lines of a plan do. Expects dry_run=, the plan's first line.

log() { echo "$(date '+%Y-%m-%d %H:%M:%S') $*"; }

# run <command>...: run it, or print it with --dry_run. Bash would only act on a signal after the
# command has ended; waiting for a background one lets it pass the signal on at once.
run() {
    if ${dry_run} && [ "$1" = slurm.pl ]; then "$1" --dry_run "${@:2}"; return; fi
    if ${dry_run}; then printf '    %s\n' "$*"; return; fi
    "$@" &
    wait $!
}
stop() { trap '' INT TERM HUP; kill -TERM $(jobs -p) 2>/dev/null || true; wait || true; exit "$1"; }
trap 'stop 143' TERM
trap 'stop 130' INT
trap 'stop 129' HUP

# sha256: digest of what comes in; macOS has another program for it
sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }

# key <inputs> <words>...: what an output depends on: commands, configurations, earlier stages
key() {
    local inputs=$1; shift
    { printf '%s\n' "$@"; for file in ${inputs}; do cat "${file}" 2>/dev/null || echo none; done; } |
        sha256 | cut -d ' ' -f 1
}

# once <marker> <inputs> <word>...: whether the step that these words name has to be done; it need not if
# the marker says that just this was done. Its jobs follow, then `finished`. While it runs, .begun<...>
# stands instead of .done<...>: what is half redone is neither the old nor the new.
once() {
    local inputs wanted file
    local mark='^(.*)/\.done(\.decode)?$'    # bash 3.2 takes parentheses after =~ for its own
    marker=$1 begun="${1%/*}/.begun${1##*/.done}"
    inputs=$(files_of "$2"); shift 2
    for file in ${inputs}; do
        # A model may be decoded while it trains; data and results that are half made may not be used.
        if [[ "${file}" =~ ${mark} && ! -e "${file}" ]] && ! ${dry_run} &&
            [ -e "${BASH_REMATCH[1]}/.begun${BASH_REMATCH[2]:-}" ]; then
            echo "${BASH_REMATCH[1]}: begun and not finished; run the stage that makes it again, to its end" >&2
            return 1
        fi
    done
    # The inputs may be edited meanwhile: what was done is what they were at the start.
    wanted=$(key "${inputs}" "$@")
    todo=true
    if [ "$(cat "${marker}" 2>/dev/null)" = "${wanted}" ]; then
        log "    up to date: ${marker%/.done*}"
        todo=false
    elif ! ${dry_run}; then
        mkdir -p "${marker%/*}"; echo "${wanted}" >"${begun}"; rm -f "${marker}"
    fi
}

# job <launcher> <word>...: a job of the step, by the program that cmd.sh names, or right here
export here_cmd=""
job() { if ${todo}; then run ${!1} "${@:2}"; fi; }

# finished: all jobs of the step are done
finished() {
    if ! ${todo} || ${dry_run}; then return; fi
    if [ ! -e "${begun}" ]; then
        echo "${marker%/*}: another run makes this at the same time; wait until it is done, then run again" >&2
        return 1
    fi
    mv "${begun}" "${marker}"
}

# files_of <inputs>: what they stand for now. if:<pattern> are those files that there are, fetched:<dir>
# tells whether files have come.
files_of() {
    local input file
    for input in $1; do
        case ${input} in
            if:*) for file in ${input#if:}; do if [ -f "${file}" ]; then echo "${file}"; fi; done ;;
            fetched:*) fetched_mark "${input#fetched:}" ;;
            *) echo "${input}" ;;
        esac
    done
}

# fetched_mark <dir>: what changes when files have come that <dir>/to_fetch.txt names, which were missing
# or damaged. Their time of change counts: what is fetched may get the other times of its source.
fetched_mark() {
    local list found
    list=$(cat "$1"/to_fetch.txt "$1"/*/to_fetch.txt 2>/dev/null || true)
    if [ -n "${list}" ] && [ -e "$1/.done" ]; then
        # shellcheck disable=SC2016
        found=$(tr '\n' '\0' <<<"${list}" |
            xargs -0 sh -c 'find "$@" -maxdepth 0 -newercm "$0" 2>/dev/null || true' "$1/.done")
        if [ -n "${found}" ] && ${dry_run}; then echo "$1/to_fetch.txt"; fi
        if [ -n "${found}" ] && ! ${dry_run}; then { date; echo "${found}"; } >>"$1/.fetched"; fi
    fi
    if [ -e "$1/.fetched" ]; then echo "$1/.fetched"; fi
}

# corpus_roots: name=value of each folder that db.sh sets, or the environment, and local/data.sh uses
corpus_roots() {
    sed -n 's/^\([A-Z][A-Z0-9_]*\)=.*/\1/p' db.sh | while read -r name; do
        if grep -qw -- "${name}" local/data.sh; then echo "${name}=${!name}"; fi
    done
}

# show_coverage <datadir>: what the copy of the corpus lacks, beside the published sizes
show_coverage() { run find "$1" -maxdepth 2 -name coverage.tsv -exec expand -t 17 {} +; }

# show_results <results> <folder>...: the scores, and all pictures there and in the folders
show_results() {
    run grep -v '^#' "$1/logdir/score.log"
    run find "$1" $(ls -d "${@:2}" 2>/dev/null) -name '*.png' | sort
}

# side_by_side <number> <experiment>...: so many at a time, each as a run of its own, without what others do
side_by_side() {
    local number=$1 started=() failed=false name; shift
    log "${number} side by side: $*"
    for name in "$@"; do
        while [ "$(jobs -pr | wc -l)" -ge "${number}" ]; do sleep 1; done
        ./av.sh "${arguments[@]}" --jobs 1 --only "${name}" &
        started+=($!)
    done
    for name in "${started[@]}"; do wait "${name}" || failed=true; done
    ! ${failed} || { echo "$0: some experiments failed, see above" >&2; return 1; }
}
