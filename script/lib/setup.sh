# script/lib/setup.sh
#
# What the scripts have in common: installing Debian packages, finding a
# PostgreSQL, building the extension outside the checkout, and a throw-away
# server.  To be sourced by bash:
#
#	. "$(dirname "$0")/lib/setup.sh"
#	need_packages "${PACKAGES_BUILD[@]}"
#	find_pg_config
#	make_workdir
#	build_extension
#	start_server
#	"$PG_BINDIR/psql" -c 'CREATE EXTENSION sla_tracker'
#
# Everything made lives in $WORK and goes away when the script ends, however
# it ends.  Nothing is written into the checkout, and below /usr only on a
# server that cannot take an extension from anywhere else.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Other engines' answers, for the tests that compare with them.
if [ -z "${SLA_SHARED:-}" ] && [ -d "$TOP/../shared" ]; then
	SLA_SHARED=$(cd "$TOP/../shared" && pwd)
	export SLA_SHARED
fi

PACKAGES_BUILD=(postgresql-15 postgresql-server-dev-15 build-essential
	libical-dev pkg-config)

say() { printf '%s\n' "$*"; }

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# Commands to run at exit, the last one first.
EXIT_COMMANDS=()
on_exit() { EXIT_COMMANDS=("$1" "${EXIT_COMMANDS[@]}"); }

run_exit_commands() {
	local command

	trap '' INT TERM HUP
	for command in "${EXIT_COMMANDS[@]}"; do
		eval "$command" || true
	done
}
trap run_exit_commands EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		command -v sudo >/dev/null || die "root rights are needed for: $*"
		sudo "$@"
	fi
}

# A server refuses to run as root: then it, the build and the tests run as
# the user postgres, which Debian's packages make, or else as nobody.
as_worker() {
	local user=postgres

	if [ "$(id -u)" -ne 0 ]; then
		"$@"
		return
	fi
	id -u "$user" >/dev/null 2>&1 || user=nobody
	runuser -u "$user" -- "$@"
}

# Install those of the named Debian packages that are missing.  (Two scripts at once
# take turns.)
need_packages() {
	if ! command -v apt-get >/dev/null; then
		say "not a Debian: taking it that there are $*"
		return
	fi
	(flock 8 && install_packages "$@") 8<"$TOP/script/lib/setup.sh"
}

install_packages() {
	local package missing=()

	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
			grep -q ' installed$' || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	say "installing ${missing[*]}"
	as_root apt-get -qq update </dev/null >/dev/null 8<&- ||
		say "apt-get update failed: trying with the lists at hand"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
		--no-install-recommends "${missing[@]}" </dev/null >/dev/null 8<&- ||
		die "could not install ${missing[*]}"
}

# unpack_packages FOLDER PACKAGE...: their programs below FOLDER, not installed, for
# packages that would start a service.  Without them their tests are skipped.
unpack_packages() {
	local folder=$1 package
	shift

	command -v apt-get >/dev/null || return 0
	mkdir -p "$folder"
	for package in "$@"; do
		[ ! -e "$folder/.$package" ] || continue
		say "unpacking $package"
		rm -rf "$folder/download"
		mkdir "$folder/download"
		if (cd "$folder/download" && apt-get -qq -o APT::Sandbox::User=root download "$package" >/dev/null) &&
			dpkg-deb -x "$folder"/download/*.deb "$folder"; then
			touch "$folder/.$package"
		else
			say "could not: its tests will be skipped"
		fi
	done
	rm -rf "$folder/download"
}

# Other engines' answers were computed with the time zones of 2026.
need_zones_of_2026() {
	local version

	command -v apt-get >/dev/null || return 0
	version=$(dpkg-query -W -f '${Version}' tzdata 2>/dev/null || say 0)
	dpkg --compare-versions "$version" lt 2026 || return 0
	say "updating tzdata ($version)"
	as_root apt-get -qq update </dev/null >/dev/null &&
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y \
			--no-install-recommends tzdata </dev/null >/dev/null ||
		say "could not: some answers will not be compared"
}

# Set PG_CONFIG, PG_BINDIR and PG_MAJOR.  $PG_CONFIG wins; otherwise Debian's
# 15 is taken, then its newest, then what PATH has.
find_pg_config() {
	local candidate

	if [ -z "${PG_CONFIG:-}" ]; then
		for candidate in /usr/lib/postgresql/15/bin/pg_config \
			$(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -rV) \
			"$(command -v pg_config || true)"; do
			if [ -x "$candidate" ] && [ -f "$("$candidate" --pgxs)" ]; then
				PG_CONFIG=$candidate
				break
			fi
		done
	fi
	[ -n "${PG_CONFIG:-}" ] || die "no pg_config with PGXS found; set PG_CONFIG"
	PG_CONFIG=$(command -v "$PG_CONFIG") || die "there is no such pg_config"
	PG_BINDIR=$("$PG_CONFIG" --bindir)
	PG_MAJOR=$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
	export PG_CONFIG
}

# Make $WORK, a directory of the worker's, with a copy of the sources in
# $WORK/src (the checkout may be out of the worker's reach).
make_workdir() {
	WORK=$(as_worker mktemp -d "/tmp/sla_tracker.XXXXXX")
	on_exit "rm -rf '$WORK'"
	mkdir "$WORK/src"
	tar -C "$TOP" --exclude=./.git --exclude='*.o' --exclude='*.bc' \
		--exclude='*.so' --exclude='./sla_tracker--*.sql' --exclude=./tmp_check --exclude=./results -cf - . |
		tar -C "$WORK/src" --no-same-owner -xf -
	if [ "$(id -u)" -eq 0 ]; then
		chown -R --reference="$WORK" "$WORK/src"
	fi
}

# build_extension [MAKE-ARGUMENT...]: build in $WORK/build and install under
# $WORK/stage.  What the server needs to find it there is in $WORK/stage.conf.
build_extension() {
	local stage=$WORK/stage

	as_worker mkdir -p "$WORK/build" "$stage"
	as_worker make -s -C "$WORK/build" -f "$WORK/src/Makefile" \
		PG_CONFIG="$PG_CONFIG" "$@" all
	as_worker make -s -C "$WORK/build" -f "$WORK/src/Makefile" \
		PG_CONFIG="$PG_CONFIG" DESTDIR="$stage" "$@" install >/dev/null
	if [ "$PG_MAJOR" -ge 18 ]; then
		cat <<-EOC
			extension_control_path = '$stage$("$PG_CONFIG" --sharedir):\$system'
			dynamic_library_path = '$stage$("$PG_CONFIG" --pkglibdir):\$libdir'
		EOC
	elif "$PG_BINDIR/postgres" --describe-config |
		grep '^extension_destdir' >/dev/null; then
		say "extension_destdir = '$stage'"
	else
		as_root make -s -C "$WORK/build" -f "$WORK/src/Makefile" \
			PG_CONFIG="$PG_CONFIG" "$@" install >/dev/null
	fi | as_worker tee "$WORK/stage.conf" >/dev/null
}

# start_server [LINE-OF-postgresql.conf...]: a new server on a private socket,
# which psql and libpq then use by the environment; the superuser is postgres.
start_server() {
	local name

	for name in $(compgen -e PG | grep -vE '^PG_|^PGCTLTIMEOUT$'); do
		unset "$name"
	done
	export PGHOST=$WORK PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
	as_worker "$PG_BINDIR/initdb" --pgdata="$WORK/data" --username=postgres \
		--auth=trust --no-locale --encoding=UTF8 --no-sync >"$WORK/initdb.log" ||
		{ cat "$WORK/initdb.log"; return 1; }
	{
		say "listen_addresses = ''"
		say "unix_socket_directories = '$WORK'"
		say "fsync = off"
		cat "$WORK/stage.conf" 2>/dev/null || true
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} | as_worker tee -a "$WORK/data/postgresql.conf" >/dev/null
	on_exit stop_server
	run_server
}

# run_server [ARGUMENT-OF-pg_ctl...]
run_server() {
	as_worker "$PG_BINDIR/pg_ctl" -D "$WORK/data" -l "$WORK/server.log" -s -w "$@" start ||
		{ cat "$WORK/server.log"; return 1; }
}

stop_server() {
	[ -f "$WORK/data/postmaster.pid" ] || return 0
	as_worker "$PG_BINDIR/pg_ctl" -D "$WORK/data" -s -m immediate -w stop
}

# keep_server DATABASE...: leave the server running when the script ends, and
# say how to reach these databases and how to be rid of it.
keep_server() {
	local database as=

	EXIT_COMMANDS=()
	[ "$(id -u)" -ne 0 ] || as="runuser -u $(stat -c %U "$WORK") -- "
	say "The server keeps running.  To connect, and to stop and remove it:"
	for database in "$@"; do
		say "  $as$PG_BINDIR/psql -h $WORK -p $PGPORT -U $PGUSER $database"
	done
	say "  $as$PG_BINDIR/pg_ctl -D $WORK/data -m fast stop && rm -rf $WORK"
}
