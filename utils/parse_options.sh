#!/usr/bin/env bash
# Sourced by a script after it has set its option variables: `--foo-bar value` then sets foo_bar.
# Only variables that exist can be set; one whose value is true or false accepts only those two.
# `--help` prints ${help_message}. What remains in "$@" afterwards are the positional arguments.

while [ $# -gt 0 ]; do
    case "$1" in
        --help|-h)
            printf '%s\n' "${help_message:-no help for $0; its options are the variables at its top}"
            exit 0 ;;
        --*=*)
            echo "$0: write '${1%%=*} ${1#*=}', without '='" >&2; exit 1 ;;
        --?*)
            _name=${1#--}; _name=${_name//-/_}
            if ! [[ ${_name} =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || [ -z "${!_name+set}" ]; then
                echo "$0: unknown option $1; see $0 --help" >&2; exit 1
            fi
            if [ $# -lt 2 ]; then
                if [ "${!_name}" = false ]; then set -- "$1" true
                else echo "$0: option $1 needs a value" >&2; exit 1; fi
            fi
            case "${!_name}" in
                true|false)
                    case "$2" in
                        true|false) ;;
                        --*) set -- "$1" true "${@:2}" ;;   # `--dry_run --stage 3`: a bare switch
                        *) echo "$0: option $1 takes true or false, not '$2'" >&2; exit 1 ;;
                    esac ;;
            esac
            printf -v "${_name}" '%s' "$2"
            shift 2 ;;
        *) break ;;
    esac
done
unset _name
true
