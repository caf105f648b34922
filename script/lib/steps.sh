# script/lib/steps.sh
#
# One line per step, counts of what passed, failed and was skipped, and the
# logs of failures at the end.  To be sourced after setup.sh; $LOGS is a
# directory for the logs and for "results", which has one line per step:
# group, name, passed, failed, skipped, log.

# A new $LOGS, which is kept when something failed.
make_logs() {
	LOGS=$(mktemp -d /tmp/sla_tracker-logs.XXXXXX)
	export LOGS
	on_exit "failed_before || rm -rf '$LOGS'"
}

# step GROUP NAME COMMAND...: run, report, count, and leave the command's exit
# status in STEP_STATUS.  (It is not returned: what stands before "||" runs
# without "set -e", down to the command.)  What a log in the formats of
# pg_regress and prove reports as tests is counted; any other command is one
# test.
step() {
	local group=$1 name=$2 log started=$SECONDS passed failed skipped
	shift 2

	log="$LOGS/$(say "$group $name" | tr -c 'A-Za-z0-9.\n' '-').log"
	set +e
	(set -e; "$@") </dev/null >"$log" 2>&1
	STEP_STATUS=$?
	set -e

	skipped=$(grep -ciE '^(ok .*|1\.\.0) # skip' "$log" || true)
	passed=$(grep -E '^(ok +[0-9]+|test .* \.\.\. ok)' "$log" |
		grep -cviE '# skip' || true)
	failed=$(grep -E '^(not ok +[0-9]+|test .* \.\.\. FAILED)' "$log" |
		grep -cviE '# todo' || true)
	if [ $STEP_STATUS -ne 0 ] && [ "$failed" -eq 0 ]; then
		failed=1
	elif [ $((passed + failed + skipped)) -eq 0 ]; then
		passed=1
	fi
	record "$group" "$name" "$passed" "$failed" "$skipped" "${log##*/}"
	printf '%-8s %-14s %-34s %4d s  %s\n' \
		"$([ $STEP_STATUS -eq 0 ] && say ok || say FAILED)" "$group" "$name" \
		$((SECONDS - started)) "$(counts "$passed" "$failed" "$skipped")"
}

# Whether a failure was counted, of the group or at all.
failed_before() {
	[ -e "$LOGS/results" ] && awk -F '\t' -v group="${1:-}" '
		(group == "" || $1 == group) && $4 > 0 { found = 1 }
		END { exit !found }' "$LOGS/results"
}

# Count a failure of a group that ended badly without telling of any.
check_recorded() {
	[ "$2" -eq 0 ] || failed_before "$1" || step "$1" "end, status $2" false
}

# skip_step GROUP NAME REASON
skip_step() {
	record "$1" "$2" 0 0 1 ""
	printf '%-8s %-14s %s: %s\n' SKIPPED "$1" "$2" "$3"
}

record() {
	(IFS=$'\t'; say "$*") >>"$LOGS/results"
}

counts() { say "$1 passed, $2 failed, $3 skipped"; }

# The logs of the failures, the counts per group, and the sum as last line;
# fails when anything did.
summary() {
	local group name failed log

	[ -s "$LOGS/results" ] || die "nothing was run"
	while IFS=$'\t' read -r group name _ failed _ log; do
		[ "$failed" -gt 0 ] || continue
		printf '\n---- FAILED: %s, %s (the end of %s)\n' "$group" "$name" "$LOGS/$log"
		tail -n "${SLA_LOG_LINES:-80}" "$LOGS/$log"
	done <"$LOGS/results"
	say
	awk -F '\t' '
		!($1 in seen) { seen[$1] = 1; order[++n] = $1 }
		{ p[$1] += $3; f[$1] += $4; s[$1] += $5; tp += $3; tf += $4; ts += $5 }
		END {
			for (i = 1; i <= n; i++)
				printf "%-15s %d passed, %d failed, %d skipped\n", order[i], \
					p[order[i]], f[order[i]], s[order[i]]
			printf "%d passed, %d failed, %d skipped\n", tp, tf, ts
			exit tf > 0
		}' "$LOGS/results"
}
