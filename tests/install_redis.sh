#!/usr/bin/env bash
# A Redis for the tests of workers: the machine's own, else Debian's as root.
# Debian's redis-tools holds the whole server (redis-server is a name for its redis-check-rdb) and no service that would start
# by itself on a port that something else may have.
# Without one, those tests are skipped, and the run says so.
set -u
there() {
    command -v redis-server >/dev/null || command -v valkey-server >/dev/null || command -v redis-check-rdb >/dev/null
}
install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-tools) >/dev/null 2>&1
}
there || { install && there; } || echo "no Redis could be installed: tests of workers will be skipped" >&2
exit 0
