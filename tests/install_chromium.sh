#!/usr/bin/env bash
# A Chromium for the browser tests: the machine's own, else Debian's as root, else playwright's download.
# Without one, those tests are skipped, and the run says so.
set -u
bin=${1:?usage: install_chromium.sh VENV/bin}
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium) \
        >/dev/null 2>&1 && exit 0
fi
"$bin/python" -m playwright install chromium >/dev/null 2>&1 && exit 0
echo "no Chromium could be installed: browser tests will be skipped" >&2
