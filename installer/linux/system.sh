#!/usr/bin/env bash
# What the system itself must bring, on Debian and its kin.
#
#   system.sh run      the packages that `make run` needs: Python with venv, certificates, what Qt draws with
#   system.sh test     these, a PostgreSQL server, which the tests start themselves, strace, which counts syncs, and
#                      Chromium, which opens the customer's pages
#   system.sh python   prints the interpreter that .venv is made with
#
# Installs what is missing when it runs as root; says in one sentence what to install otherwise. With nothing
# missing it does nothing and says nothing.
set -euo pipefail
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH PYENV_VERSION

# The system's interpreters first, then whatever stands on PATH; the base interpreter of a virtual environment, not
# the environment itself.
find_python() {
    local PATH="/usr/bin:/usr/local/bin:$PATH" name candidate
    for name in python3.11 python3.12 python3.13 python3; do
        for candidate in $(type -aP "$name"); do
            "$candidate" - 2>/dev/null <<'PYTHON' && return
import sys, venv, ensurepip
if not (3, 11) <= sys.version_info[:2] < (3, 14):
    sys.exit(1)
print(getattr(sys, "_base_executable", None) or sys.executable)
PYTHON
        done
    done
    return 1
}

has_postgresql() {
    command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

# What Qt is linked with and its wheel leaves to the system: the package of each library.
declare -A qt=(
    [libGL.so.1]=libgl1 [libEGL.so.1]=libegl1 [libxkbcommon.so.0]=libxkbcommon0 [libfontconfig.so.1]=libfontconfig1
    [libdbus-1.so.3]=libdbus-1-3 [libglib-2.0.so.0]=libglib2.0-0
    [libxcb-cursor.so.0]=libxcb-cursor0 [libxcb-icccm.so.4]=libxcb-icccm4 [libxcb-keysyms.so.1]=libxcb-keysyms1
    [libxcb-shape.so.0]=libxcb-shape0 [libxkbcommon-x11.so.0]=libxkbcommon-x11-0
)

missing=()
case "${1:-test}" in
    python)
        find_python || { echo "No Python 3.11, 3.12 or 3.13 with its venv module was found." >&2; exit 1; }
        exit ;;
    run | test)
        find_python >/dev/null || missing+=(python3 python3-venv)
        [ -e /etc/ssl/certs/ca-certificates.crt ] || [ ! -e /etc/debian_version ] || missing+=(ca-certificates)
        libraries=$(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null || true)
        for library in "${!qt[@]}"; do
            [[ "$libraries" == *"$library"* ]] || missing+=("${qt[$library]}")
        done
        [ "${1:-test}" = run ] || has_postgresql || missing+=(postgresql)
        [ "${1:-test}" = run ] || command -v strace >/dev/null || missing+=(strace)
        [ "${1:-test}" = run ] || command -v chromium >/dev/null || missing+=(chromium) ;;
    *)
        echo "Usage: system.sh run|test|python" >&2
        exit 2 ;;
esac
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Debian packages: ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    quietly() {
        local output
        output=$("$@" 2>&1) || { printf '%s\n' "$output" >&2; exit 1; }
    }
    quietly apt-get -o DPkg::Lock::Timeout=120 update
    quietly apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${missing[@]}"
    find_python >/dev/null || { echo "This system's Python is too old; posapp needs 3.11, 3.12 or 3.13." >&2; exit 1; }
elif [[ " ${missing[*]} " =~ ^(\ (postgresql|strace|chromium))+\ $ ]]; then
    echo "Not installed, so their tests will not run: ${missing[*]}; as root: apt-get install ${missing[*]}" >&2
else
    echo "Please install these packages as root, then run this again: apt-get install ${missing[*]}" >&2
    exit 1
fi
