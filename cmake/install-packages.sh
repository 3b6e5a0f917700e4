#!/bin/sh
# Installs the Debian packages named as arguments that are missing: as root, or with sudo.
set -eu
missing=""
for package in "$@"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
  echo "This is no Debian system. Please install the equivalents of:$missing" >&2
  exit 1
fi
if [ "$(id -u)" = 0 ]; then
  as_root=env
elif command -v sudo >/dev/null 2>&1; then
  as_root="sudo env"
else
  echo "Please install as root: apt-get install$missing" >&2
  exit 1
fi
echo "Installing:$missing"
$as_root apt-get update -qq
$as_root DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
