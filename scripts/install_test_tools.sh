#!/bin/sh
# The browser tests drive Debian's chromium, the Spark test a JRE. Without them, and without the right to install
# them, these tests are skipped.
missing=""
command -v chromium >/dev/null 2>&1 || missing="chromium"
command -v java >/dev/null 2>&1 || missing="$missing default-jre-headless"
[ -z "$missing" ] && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "missing, so that their tests will be skipped (install them with apt-get): $missing"
  exit 0
fi
echo "installing for the tests: $missing"
apt-get -qq update
for one in $missing; do
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$one" >/dev/null \
    || echo "$one could not be installed: its tests will be skipped"
done
