#!/bin/bash
# script/lib/upgrade.sh OLD NEW
#
# pg_upgrade from one major to another, both installed here.  script/upgrade-test
# runs this in a chroot.
set -euo pipefail
umask 022
. "$(dirname "$0")/setup.sh"

OLD=/usr/lib/postgresql/$1/bin
NEW=/usr/lib/postgresql/$2/bin
export LD_LIBRARY_PATH=/mnt/libraries PG_CONFIG=$NEW/pg_config

make_workdir
as_worker mkdir "$WORK/build" "$WORK/socket"
as_worker make -s -j"$(nproc)" -C "$WORK/build" -f "$WORK/src/Makefile" PG_CONFIG="$PG_CONFIG" with_llvm=no all
make -s -C "$WORK/build" -f "$WORK/src/Makefile" PG_CONFIG="$PG_CONFIG" with_llvm=no install >/dev/null

start() {
	as_worker "$1/pg_ctl" -D "$2" -l "$WORK/server.log" -s -w \
		-o "-c listen_addresses='' -c unix_socket_directories='$WORK/socket' -c fsync=off" start ||
		{ cat "$WORK/server.log"; return 1; }
}
ask() { as_worker "$NEW/psql" -XAtq -v ON_ERROR_STOP=1 -h "$WORK/socket" -U postgres -d app "$@"; }

# upgrade FOLDER: the clusters in FOLDER/old and FOLDER/new
upgrade() {
	(cd "$1" && as_worker "$NEW/pg_upgrade" -b "$OLD" -B "$NEW" -d "$1/old" -D "$1/new" -U postgres \
		-s "$WORK/socket") >"$1/upgrade.log" 2>&1
}

make_clusters() {
	as_worker mkdir "$1"
	as_worker "$OLD/initdb" -k --no-locale --encoding=UTF8 --no-sync -U postgres -A trust -D "$1/old" >/dev/null
	as_worker "$NEW/initdb" -k --no-locale --encoding=UTF8 --no-sync -U postgres -A trust -D "$1/new" >/dev/null
	start "$OLD" "$1/old"
	as_worker "$NEW/psql" -Xq -h "$WORK/socket" -U postgres -d postgres -c 'CREATE DATABASE app'
}

stop() { as_worker "$1/pg_ctl" -D "$2" -s -m fast -w stop; }

make_clusters "$WORK/app"
ask -f "$WORK/src/script/sql/upgrade-before.sql"
ask -f "$WORK/src/script/sql/upgrade-facts.sql" >"$WORK/facts.before"
[ "$(wc -l <"$WORK/facts.before")" -gt 500 ]
stop "$OLD" "$WORK/app/old"
if ! upgrade "$WORK/app"; then
	# an old minor of the new major may not know what a new one of the old wrote
	make_clusters "$WORK/plain"
	ask -c 'CREATE TABLE plain (a int)'
	stop "$OLD" "$WORK/plain/old"
	if ! upgrade "$WORK/plain"; then
		say "ok 1 # SKIP $("$OLD/postgres" -V) to $("$NEW/postgres" -V): not even a plain table is upgraded"
		exit 0
	fi
	cat "$WORK/app/upgrade.log"
	find "$WORK/app/new/pg_upgrade_output.d" -name '*.txt' -exec cat {} +
	grep -rhI -A 3 -E 'error:|ERROR:|FATAL:' "$WORK/app/new/pg_upgrade_output.d" || true
	exit 1
fi
start "$NEW" "$WORK/app/new"
ask -c 'SELECT version()'
ask -f "$WORK/src/script/sql/upgrade-facts.sql" >"$WORK/facts.after"
diff "$WORK/facts.before" "$WORK/facts.after"
ask -f "$WORK/src/script/sql/upgrade-after.sql"
stop "$NEW" "$WORK/app/new"
say "ok 1 - upgraded from $1 to $2"
