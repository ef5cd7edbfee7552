#!/usr/bin/env bash
# A Chromium for the browser tests: the machine's own, else Debian's as root, else playwright's download.
# And a Chinese font (Noto CJK), without which the pictures of the OCR tests would show boxes: the machine's own, else Debian's.
# Without one of them, those tests are skipped, and the run says so.
set -u
bin=${1:?usage: install_chromium.sh VENV/bin}
install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1") >/dev/null 2>&1
}
chromium() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null && return 0
    done
    install chromium || "$bin/python" -m playwright install chromium >/dev/null 2>&1
}
font() {
    ls /usr/share/fonts/*/noto/Noto*CJK*.ttc >/dev/null 2>&1 || install fonts-noto-cjk
}
chromium || echo "no Chromium could be installed: browser tests will be skipped" >&2
font || echo "no Chinese font could be installed: tests on pictures will be skipped" >&2
exit 0
