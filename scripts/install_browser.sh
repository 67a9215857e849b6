#!/bin/sh
# The browser tests drive Debian's chromium. Without it, and without the right to install it, they are skipped.
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "chromium is missing: the browser tests will be skipped (install it with: apt-get install chromium)"
  exit 0
fi
echo "installing chromium for the browser tests"
apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium >/dev/null \
  || echo "chromium could not be installed: the browser tests will be skipped"
