# shellcheck shell=bash disable=SC2086,SC2154
# Sourced by av.sh: how a stage runs its programs, and what it depends on. Expects av.sh's options.

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

# sha256: digest of what comes in; macOS has another program for it
sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }

# key <inputs> <words>...: what an output depends on: commands, configurations, earlier stages
key() {
    local inputs=$1; shift
    { printf '%s\n' "$@"; for file in ${inputs}; do cat "${file}" 2>/dev/null || echo none; done; } |
        sha256 | cut -d ' ' -f 1
}

# once <marker> <inputs> <command>...: run it unless the marker says that just this was done. While it
# runs, .begun<...> stands instead of .done<...>: what is half redone is neither the old nor the new.
once() {
    local marker=$1 inputs=$2; shift 2
    local begun="${marker%/*}/.begun${marker##*/.done}" wanted file
    local mark='^(.*)/\.done(\.decode)?$'    # bash 3.2 takes parentheses after =~ for its own
    for file in ${inputs}; do
        # A model may be decoded while it trains; data and results that are half made may not be used.
        if [[ "${file}" =~ ${mark} && ! -e "${file}" ]] && ! ${dry_run} &&
            [ -e "${BASH_REMATCH[1]}/.begun${BASH_REMATCH[2]:-}" ]; then
            echo "${BASH_REMATCH[1]}: begun and not finished; run the stage that makes it again, to its end" >&2
            return 1
        fi
    done
    wanted=$(key "${inputs}" "$@")
    if [ "$(cat "${marker}" 2>/dev/null)" = "${wanted}" ]; then
        log "    up to date: ${marker%/.done*}"
        return
    fi
    if ! ${dry_run}; then mkdir -p "${marker%/*}"; echo "${wanted}" >"${begun}"; rm -f "${marker}"; fi
    "$@"
    # The inputs may have been edited meanwhile: what was done is what they were at the start.
    if ! ${dry_run}; then mv "${begun}" "${marker}"; fi
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

# tables <dir>...: the tables there that people may edit, and that change what is made of them
tables() {
    local dir file
    for dir in "$@"; do
        for file in "${dir}"/{{wav,video,landmarks}.scp,segments,ctm,text,text.??,text.???,text.??-*,utt2{spk,lang,category,face}} \
            "${dir}"/{{image,boxes,teacher}.scp,rttm,utt2{target,image,label}}; do
            if [ -f "${file}" ]; then echo "${file}"; fi
        done
    done
}

# media_tables <dir>: those of them that the roi stage reads
media_tables() { tables "$1" | grep -E '/(video.scp|landmarks.scp|segments|utt2spk|utt2face)$' || true; }

# all_sets: every data set once, one a line
all_sets() { printf '%s\n' "${train_set}" ${ssl_sets} "${valid_set}" ${test_sets} | sort -u; }

# sets_marks <set>..., ssl_marks: what tells dumps from others: the mark of their stage, and their tables
sets_marks() {
    local name
    for name in "$@"; do
        echo "${dumpdir}/${name}/.done"
        tables "${dumpdir}/${name}" | grep -v 'scp$' || true    # pointers change with the mark
    done
}
ssl_marks() { sets_marks "${ssl_set}" "${valid_set}"; }

# noise_args <split>: options of a program that may need noises
noise_args() { [ "${noise_config}" = none ] || echo "--noise_dir ${dumpdir}/noise/$1"; }

# noise_mark <config> <options of bin.train>: the mark of the noises, if such a training hears any
noise_mark() {
    if [ "${noise_config}" != none ] && { cat "$1" 2>/dev/null || true; echo "$2"; } |
        grep -o "noise_prob[\"']*[:=][^,}#]*" | grep -qvE '[:=] *0*[.]?0* *$'; then
        echo "${dumpdir}/noise/.done"
    fi
}

# check_names <option>...: refuse at once what would fail, or mean something else, stages later: names go
# through lists of words, patterns, formats and command lines of jobs, in which JOB is a number.
check_names() {
    local option value bad=$'^-|[][:space:]"\'`$\\\\*?[;&|<>(){}%,:]|JOB'
    for option in "$@"; do
        value=${!option}
        if [[ "${value}" =~ ${bad} ]]; then
            echo "$0: --${option} '${value}': white space, JOB and \"'\`\$\\*?[];&|<>(){}%,: may not be in it, nor" \
                "- at its start; choose another name, or that of a link: ln -s <the folder or file> <name>" >&2
            return 1
        elif [[ -z "${value}" && " datadir dumpdir expdir conf train_set valid_set " == *" ${option} "* ]]; then
            echo "$0: --${option} may not be empty; leave it out, or give a name" >&2
            return 1
        elif [ "$(basename -- "${value:-x}" | wc -c)" -gt 200 ]; then
            echo "$0: '$(basename -- "${value}")' is too long for the name of a file; give a shorter --${option}" >&2
            return 1
        fi
    done
}

# check_sets: the same of the data sets, which are folders in <datadir> and <dumpdir> beside others
check_sets() {
    local option name bad=$'["\'`$\\\\*?[;&|<>(){}%,:/]|]|JOB|(^| )-'
    for option in train_set ssl_sets valid_set test_sets babble_sets; do
        if [[ "${!option}" =~ ${bad} ]]; then
            echo "$0: --${option} '${!option}': sets are names of folders in ${datadir}, of letters, digits, . _ -" >&2
            return 1
        fi
        for name in ${!option}; do
            case "${name}" in roi|noise|units|logdir|token_list|.*)
                echo "$0: --${option} '${name}': a folder of that name in ${datadir} or ${dumpdir} is for something" \
                    "else; rename the set" >&2
                return 1 ;;
            esac
        done
    done
}

# is_asked <number> [any]: whether this run has that stage, be it skipped
is_asked() {
    [ "${stage}" -le "$1" ] && [ "$1" -le "${stop_stage}" ] &&
        { [ "${2:-}" = any ] || [[ " ${skip_stages} " != *" $1 "* ]]; }
}

# check_configs: refuse at once what stages would find missing hours later
check_configs() {
    local number option file
    while read -r number option; do
        is_asked "${number}" || continue
        for file in ${!option}; do
            if [ ! -f "${file}" ] && [ "${file}" != none ]; then
                echo "$0: --${option} ${file}: no such file, which stage ${number} reads; there are:" \
                    "$(printf '%s\n' "${file%/*}"/*.yaml | paste -sd ' ' -)" >&2
                return 1
            fi
        done
    done <<<"2 roi_config
3 dump_config
3 noise_config
4 ssl_config
5 units_config
6 avssl_config
7 mid_config
9 train_config
10 decode_config
11 expected_scores
12 roi_config
12 decode_config"
}

# corpus_roots: name=value of each folder that db.sh sets, or the environment, and local/data.sh uses
corpus_roots() {
    sed -n 's/^\([A-Z][A-Z0-9_]*\)=.*/\1/p' db.sh | while read -r name; do
        if grep -qw -- "${name}" local/data.sh; then echo "${name}=${!name}"; fi
    done
}

# depends_on <words> <command>...: run it; the words are another reason for `once` to run it again
depends_on() { "${@:2}"; }

# weights_of [<experiment>]: what tells its weights, be they trained or converted
weights_of() { if [ -f "$1/conversion.txt" ]; then echo "$1/provenance.yaml"; else echo "${1:+$1/.done.[tf]*}"; fi; }

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
