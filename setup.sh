#!/bin/sh
# Installs what building dd0c needs, and with --tests what its tests need. Asks nothing, can be run twice.
#   ./setup.sh          build tools and libraries, and the parser sources (npm, pinned, no scripts run)
#   ./setup.sh --tests  the above, and Python, linters, sanitizer run times
set -eu
cd "$(dirname "$0")"

tests=no
for word in "$@"; do
    case $word in
    --tests) tests=yes ;;
    -h | --help) sed -n '2,4p' "$0" | cut -c3-; exit 0 ;;
    *) echo "setup.sh: unknown option $word (try --help)" >&2; exit 2 ;;
    esac
done

say() { printf '%s\n' "setup: $*"; }
fail() {
    printf '%s\n' "setup: $1" "hint: $2" >&2
    exit 3
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo -n "$@" 2>/dev/null || sudo "$@"
    else
        fail "installing packages needs root, and there is no sudo" "Run ./setup.sh as root once; building needs no root."
    fi
}

# --- with apt ---
BUILD="gcc make pkg-config libc6-dev libpcre2-dev libcjson-dev libcurl4-openssl-dev libyaml-dev libsqlite3-dev libssl-dev libzstd-dev zlib1g-dev libncurses-dev libcrypt-dev ca-certificates tzdata"
TESTS="python3 python3-venv git clang libclang-rt-14-dev clang-tidy cppcheck strace ripgrep curl"

missing_debs() {
    for p in $1; do
        dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || printf '%s ' "$p"
    done
}

# libclang-rt carries clang's version in its name: take the one the system's clang wants.
clang_runtime() {
    v=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9][0-9]*\).*/\1/p' | head -n 1)
    printf '%s' "libclang-rt-${v:-14}-dev"
}

# llhttp is a library of its own on newer systems; on older ones Node's package carries its C sources.
llhttp_package() {
    if apt-cache show libllhttp-dev >/dev/null 2>&1; then printf libllhttp-dev; else printf node-llhttp; fi
}

with_apt() {
    [ -e /usr/share/llhttp/llhttp.c ] || pkg-config --exists libllhttp 2>/dev/null || need_llhttp=yes
    want=$BUILD
    command -v npm >/dev/null 2>&1 || want="$want nodejs npm"
    [ "$tests" = no ] || want="$want $TESTS"
    need=$(missing_debs "$want")
    if [ -n "$need${need_llhttp:-}" ]; then
        as_root apt-get -qq update >/dev/null || say "apt: the package lists could not be refreshed; going on with the old ones"
        [ -z "${need_llhttp:-}" ] || need="$need$(llhttp_package)"
        say "apt: installing $need"
        case $need in *libclang-rt-14-dev*) need=$(printf '%s' "$need" | sed "s/libclang-rt-14-dev/$(clang_runtime)/") ;; esac
        # shellcheck disable=SC2086
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $need >/dev/null ||
            fail "apt could not install: $need" "Is the machine online? apt-get update && apt-get install $need shows more."
    fi
}

# --- with brew ---
with_brew() {
    want="pkg-config pcre2 cjson curl libyaml llhttp sqlite openssl@3 zstd zlib ncurses"
    command -v npm >/dev/null 2>&1 || want="$want node"
    [ "$tests" = no ] || want="$want python3 llvm cppcheck ripgrep"
    for p in $want; do
        brew list --versions "$p" >/dev/null 2>&1 || {
            say "brew: installing $p"
            brew install -q "$p" || fail "brew could not install $p" "brew install $p shows more."
        }
    done
}

if command -v apt-get >/dev/null 2>&1; then
    with_apt
elif command -v brew >/dev/null 2>&1; then
    with_brew
else
    say "neither apt nor brew is here; needed are: a C compiler, make, pkg-config, PCRE2, cJSON, libcurl, libyaml, llhttp, SQLite, OpenSSL, zstd, zlib, ncurses, npm"
fi

# --- C sources of the parsers and the tokenizer ranks, from npm ---
if [ -e node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ]; then
    say "parser sources: there already"
else
    command -v npm >/dev/null 2>&1 || fail "npm is not here" "Install Node.js with npm, then run ./setup.sh again."
    say "npm: fetching parser sources (package-lock.json pins them; no script of theirs is run)"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null ||
        fail "npm could not fetch the parser sources" "Is the machine online, or is a registry mirror set in your npm configuration?"
    touch node_modules/.package-lock.json
fi
say "done; next: make"
