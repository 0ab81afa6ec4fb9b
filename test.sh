#!/bin/bash
# Installs what the tests need on a Debian machine that has the .NET SDK, then builds and runs all of them.
# One kind of server only: dotnet test --project tests/Quoll.Interop --configuration Release --filter-trait server=Apache
set -euo pipefail
cd "$(dirname "$0")"

# Apache's server and shell, its C shell and library, the clients of Python and Go, Curator, the compilers for our programs on them, and
# what makes networks that can fall apart, a terminal to type in, with the shells that complete there, and the names of time zones.
packages=(
  zookeeper
  zookeeper-bin
  libzookeeper-mt-dev
  libslf4j-java
  libsnappy-java
  python3-kazoo
  libcurator-discovery-java
  libcurator-recipes-java
  libjackson2-databind-java
  golang-go
  golang-github-samuel-go-zookeeper-dev
  default-jre-headless
  gcc
  libc6-dev
  iproute2
  tmux
  fish
  zsh
  tzdata
)

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for package in "${packages[@]}"; do
  is_installed "$package" || missing+=("$package")
done

if [ "${#missing[@]}" -gt 0 ]; then
  install=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "${missing[@]}")
  # The lists of packages may be absent or too old to find the files that they name.
  as_root "${install[@]}" || { as_root apt-get update --quiet && as_root "${install[@]}"; }
fi

java -version
# Under nohup, or in the background of a script, these are ignored, and would be by all that the tests start and end.
exec env --default-signal=HUP,INT,QUIT dotnet test --solution Quoll.slnx --configuration Release
