#!/bin/sh
# find_python.sh [python]: print the newest tested Python that really runs, or check the one given.
# A name on the PATH that only prints an error is none. Nothing is fetched. Without one: status 1,
# what was found instead, and how to get one.
set -u
tested="3.13 3.12 3.11"

# fault_of <python> <version>...: why it cannot be used, in words; nothing where it can
fault_of() {
    python=$1; shift
    "${python}" - "$@" 2>/dev/null <<'EOF' || echo "does not run"
import importlib, platform, sys, sysconfig
version = "%d.%d" % sys.version_info[:2]
faults = []
if version not in sys.argv[1:]:
    faults.append("is Python " + version)
elif platform.python_implementation() != "CPython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
    faults.append("is no usual CPython, and torch has no builds for it")
elif sys.maxsize < 2**32 or (sys.platform, platform.machine()) == ("darwin", "x86_64"):
    faults.append("is for a processor that torch has no builds for: " + platform.machine())
elif sys.platform == "win32":
    faults.append("is of Windows: use the Linux of WSL2")
else:
    # Some systems' packages leave out what Python's own installation has.
    for name in ("ensurepip", "venv", "ssl", "ctypes", "sqlite3", "lzma", "bz2"):
        try:
            importlib.import_module(name)
        except ImportError:
            faults.append("lacks " + name)
sys.stdout.write(", ".join(faults))
EOF
}

give_up() {
    cat >&2 <<EOF
$1
Python 3.13, 3.12 or 3.11 is needed; nothing was installed. Each of these brings one:
    uv python install 3.13, then make PYTHON="\$(uv python find 3.13)"
    pyenv install 3.13, then make PYTHON="\$(pyenv prefix 3.13)/bin/python"
    conda create -n espnet_av python=3.13, conda activate espnet_av, then make
    your system's packages, on Debian and Ubuntu python3.13 and python3.13-venv
EOF
    exit 1
}

if [ $# -gt 0 ]; then
    # shellcheck disable=SC2086
    fault=$(fault_of "$1" ${tested})
    [ -z "${fault}" ] || give_up "$1: ${fault}"
    echo "$1"; exit 0
fi

# Of several of one name on the PATH the first may be one that only prints an error.
found=""
for version in ${tested}; do
    IFS=:
    for folder in ${PATH}; do
        for place in "${folder:-.}/python${version}" "${folder:-.}/python3" "${folder:-.}/python"; do
            if ! [ -x "${place}" ] || [ -d "${place}" ]; then continue; fi
            fault=$(fault_of "${place}" "${version}")
            if [ -z "${fault}" ]; then echo "${place}"; exit 0; fi
            case ${fault} in "is Python 3.1"[123]) continue ;; esac    # its turn comes
            found="${found}    ${place}: ${fault}
"
        done
    done
done
give_up "no Python on the PATH can be used${found:+:
$(printf '%s' "${found}" | sort -u)}"
