#!/bin/bash
# script/lib/suites.sh GROUP [SUITE...]
#
# The suites of "make installcheck" (regress, isolation, tap) against one
# major, from a build outside the checkout, on a server of their own.
# script/test runs this here and in its chroots.  $SLA_TESTS narrows regress to
# the tests named.  What makes a server slow: $SLA_SERVER_CONF is a line for
# postgresql.conf, $SLA_POSTGRES a program to run in place of its postgres.
set -euo pipefail
umask 022
. "$(dirname "$0")/setup.sh"
. "$(dirname "$0")/steps.sh"

GROUP=$1
shift
[ $# -gt 0 ] || set -- regress isolation tap

# One suite; what differs and what crashed goes to the end of the log.
run_suite() {
	local arguments status=0

	case $1 in
		regress) arguments=(ISOLATION= TAP_TESTS= ${SLA_TESTS:+REGRESS="$SLA_TESTS"}) ;;
		isolation) arguments=(REGRESS= TAP_TESTS=) ;;
		tap) arguments=(REGRESS= ISOLATION=) ;;
		*) die "there is no suite \"$1\"" ;;
	esac
	as_worker make -s -C "$WORK/build" -f "$WORK/src/Makefile" \
		PG_CONFIG="$PG_CONFIG" PROVE_FLAGS="--verbose --timer" "${arguments[@]}" \
		installcheck || status=$?
	if [ "$status" -ne 0 ]; then
		head -n 70 "$WORK/build/regression.diffs" 2>/dev/null || true
		cp -r "$WORK/build/tmp_check/log" "$LOGS/$GROUP-tap" 2>/dev/null || true
		grep -E 'TRAP:|PANIC:|terminated by signal' "$WORK/server.log" || true
	fi
	return "$status"
}

# On the slow server only the tests are to run: what every database of theirs
# begins with is made before (creating the extension would take many minutes).
slow_down() {
	"$PG_BINDIR/psql" -Xq -c 'ALTER DATABASE template0 ALLOW_CONNECTIONS true'
	"$PG_BINDIR/psql" -Xq -d template0 -c 'CREATE EXTENSION sla_tracker'
	"$PG_BINDIR/psql" -Xq -c 'ALTER DATABASE template0 ALLOW_CONNECTIONS false'
	as_worker "$PG_BINDIR/pg_ctl" -D "$WORK/data" -s -m fast -w stop
	say "${SLA_SERVER_CONF:-}" | as_worker tee -a "$WORK/data/postgresql.conf" >/dev/null
	run_server ${SLA_POSTGRES:+-p "$SLA_POSTGRES"}
}

find_pg_config
make_workdir
# (one build without bitcode will do)
step "$GROUP" "build" build_extension -j"$(nproc)" PROFILE="${SLA_WARNINGS:-}" ${NO_LIBICAL:+with_llvm=no}
[ "$STEP_STATUS" -eq 0 ] || exit 1

export HOME=$WORK TEMP_CONFIG=$WORK/stage.conf
# Autovacuum's snapshots are waited for, as anybody's, and how often one is held
# is not for the tests to say.  (The servers of TAP tests have it.)
# Nor are there statistics without it, so that the planner takes small tables for large
# ones, and compiles for seconds what runs for a millisecond.
start_server "autovacuum = off" "jit = off"
[ -z "${SLA_SERVER_CONF:-}${SLA_POSTGRES:-}" ] || slow_down

status=0
for suite in "$@"; do
	step "$GROUP" "$suite" run_suite "$suite"
	[ "$STEP_STATUS" -eq 0 ] || status=1
done
exit $status
