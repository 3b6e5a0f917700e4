#!/bin/sh
# Puts Eigen 5 and Catch2 3 of Debian unstable into FOLDER/usr; nothing of the system is changed:
#
#     tests/newer_packages.sh FOLDER
#
# Eigen is headers and taken as it is. Catch2 is built from its source, since Debian's library is built for newer systems.
set -eu
mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/catch2"
folder=$(cd "$1" && pwd)
for kind in deb deb-src; do
  echo "$kind [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main"
done >"$folder/sources.list"
apt() {
  apt-get -q -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State::lists="$folder/lists" -o Dir::Cache="$folder/cache" -o APT::Sandbox::User=root "$@"
}
cd "$folder"
apt update
rm -rf ./*.deb ./catch2_*.tar.* usr
apt download libeigen3-dev
apt source --download-only catch2
dpkg-deb -x libeigen3-dev_*.deb .
tar -xzf catch2_*.orig.tar.gz -C catch2 --strip-components 1
cmake -S catch2 -B catch2/build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCATCH_INSTALL_DOCS=OFF -DCMAKE_INSTALL_PREFIX="$folder/usr"
cmake --build catch2/build --target install
