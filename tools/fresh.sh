#!/bin/sh
# README's two commands in a bare Debian root, made by debootstrap and removed afterwards. Needs root.
#   tools/fresh.sh [SUITE]     KEEP=1 keeps the root for a look; BASE=DIR copies a root that debootstrap made before
set -eu
suite=${1:-bookworm}
here=$(cd "$(dirname "$0")/.." && pwd)
root=$(mktemp -d /var/tmp/dd0c-fresh.XXXXXX)
cleanup() {
    for m in proc sys dev; do if mountpoint -q "$root/$m"; then umount -l "$root/$m" || return; fi; done
    if [ "${KEEP:-}" != 1 ]; then rm -rf --one-file-system "$root"; fi
}
trap cleanup EXIT INT TERM
mirror=$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | awk '{print $1}' | head -n 1)
if [ -n "${BASE:-}" ]; then cp -a "$BASE/." "$root/"; else debootstrap --variant=minbase "$suite" "$root" "$mirror"; fi
for m in proc sys dev; do mount --rbind "/$m" "$root/$m" && mount --make-rslave "$root/$m"; done
# The machine's own package settings (mirrors, proxies, certificates), so that the root reaches what the machine reaches.
cp -L /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
cp -L /etc/hosts "$root/etc/hosts" 2>/dev/null || true
cp -rL /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
cp -rL /etc/apt/sources.list.d /etc/apt/sources.list "$root/etc/apt/" 2>/dev/null || true
for f in "$HOME/.npmrc" /etc/npmrc "$HOME/.config/pip/pip.conf" /etc/pip.conf; do
    if [ -e "$f" ]; then mkdir -p "$root$(dirname "$f")" && cp -L "$f" "$root$f"; fi
done
# Certificates that the environment names, at the same places.
for v in SSL_CERT_FILE NODE_EXTRA_CA_CERTS PIP_CERT REQUESTS_CA_BUNDLE CURL_CA_BUNDLE; do
    f=$(printenv "$v" || true)
    if [ -n "$f" ] && [ -f "$f" ]; then mkdir -p "$root$(dirname "$f")" && cp -L "$f" "$root$f"; fi
done
[ ! -d /usr/local/share/ca-certificates ] || { mkdir -p "$root/usr/local/share" && cp -rL /usr/local/share/ca-certificates "$root/usr/local/share/"; }
git clone -q "$here" "$root/src"
export DEBIAN_FRONTEND=noninteractive
chroot "$root" /bin/sh -c 'cd /src && ./setup.sh && make -j"$(nproc)" scan'
echo "fresh: setup and the main job work in a bare $suite"
chroot "$root" /bin/sh -c 'cd /src && ./setup.sh --tests && make -j"$(nproc)" check'
echo "fresh: tests pass in a bare $suite"
