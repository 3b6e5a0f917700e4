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
  # They may be there under other names: CMake will tell.
  echo "Without apt-get nothing is installed; needed are the equivalents of the Debian packages$missing" >&2
  exit 0
fi
if [ "$(id -u)" = 0 ]; then
  as_root=env
elif command -v sudo >/dev/null 2>&1; then
  as_root="sudo env"
else
  echo "Neither root nor sudo is at hand; please install as root: apt-get install$missing" >&2
  exit 1
fi
echo "Installing:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# An update may fail for a source that is not needed here; then what is known already may do.
if ! { $as_root apt-get update -qq || true
       $as_root DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
    >"$log" 2>&1; then
  cat "$log" >&2
  echo "The installation failed; please install as root: apt-get install$missing" >&2
  exit 1
fi
