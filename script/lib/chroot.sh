# script/lib/chroot.sh
#
# Debian's later PostgreSQL majors in chroots made by debootstrap, kept under
# $SLA_CACHE for the next time.  To be sourced after setup.sh, by root.
#
# What is mounted is mounted in a mount namespace of its own, and what runs
# there runs in a process namespace of its own: both vanish with the command,
# whatever ends it.

SLA_CACHE=${SLA_CACHE:-/var/cache/sla_tracker}

# The Debian release that has a PostgreSQL major.
chroot_suite() {
	case $1 in
		17) say trixie ;;
		18) say forky ;;
		*) return 1 ;;
	esac
}

chroot_dir() { say "$SLA_CACHE/$(chroot_suite "$1")-$1"; }

chroot_packages() {
	say "postgresql-$1 postgresql-server-dev-$1 build-essential" \
		"libipc-run-perl libical-dev pkg-config locales"
}

# The Debian mirror of this machine, from either form of apt's sources.
debian_mirror() {
	{ cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list \
		2>/dev/null || true; } |
		awk '/^URIs:/ { print $2; exit }
			/^deb / { sub(/\[.*\]/, ""); print $2; exit }'
}

mirror_reachable() {
	local mirror

	mirror=$(debian_mirror)
	[ -n "$mirror" ] && wget -q -T 20 -t 2 -O /dev/null \
		"$mirror/dists/$(chroot_suite "$1")/Release" </dev/null
}

# Whether this machine lets us mount and make device nodes.
chroot_possible() {
	unshare --mount --pid --ipc --fork true 2>/dev/null
}

# chroot_run DIR [SOURCE:TARGET[:ro]...] -- COMMAND...: run a command in the
# chroot with directories bound into it.
chroot_run() {
	unshare --mount --pid --ipc --fork --kill-child --propagation private \
		bash -euc '
			dir=$1; shift
			mount -t proc proc "$dir/proc"
			mount -t devpts devpts "$dir/dev/pts"
			mount -t tmpfs tmpfs "$dir/dev/shm"
			while [ "$1" != -- ]; do
				IFS=: read -r source target mode <<<"$1"; shift
				mkdir -p "$dir$target"
				mount --bind "$source" "$dir$target"
				[ -z "$mode" ] || mount -o "remount,bind,$mode" "$dir$target"
			done
			shift
			exec chroot "$dir" /usr/bin/env -i LANG=C.UTF-8 HOME=/root \
				PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
				"$@"
		' chroot_run "$@" </dev/null
}

chroot_complete() {
	local dir

	dir=$(chroot_dir "$1")
	[ "$(cat "$dir/.complete" 2>/dev/null)" = "$(chroot_packages "$1")" ] &&
		chroot "$dir" "/usr/lib/postgresql/$1/bin/postgres" --version >/dev/null &&
		chroot "$dir" gcc --version >/dev/null
}

# make_chroot MAJOR: make the chroot unless it is there and whole.
make_chroot() (
	set -e
	major=$1
	suite=$(chroot_suite "$major")
	dir=$(chroot_dir "$major")
	mirror=$(debian_mirror)
	script=/usr/share/debootstrap/scripts/$suite
	# a debootstrap older than the release: all since sid are made alike
	[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid

	mkdir -p "$SLA_CACHE"
	exec 9>"$dir.lock"
	for lock in --shared --exclusive; do
		flock $lock 9
		if chroot_complete "$major"; then
			exit 0
		fi
	done
	rm -rf --one-file-system "$dir"
	unshare --mount --propagation private \
		debootstrap --variant=minbase "$suite" "$dir" "$mirror" "$script" </dev/null
	cp /etc/resolv.conf /etc/hosts "$dir/etc/"
	printf '#!/bin/sh\nexit 101\n' >"$dir/usr/sbin/policy-rc.d"
	chmod +x "$dir/usr/sbin/policy-rc.d"
	# the Release file of a testing suite may count as expired
	echo 'Acquire::Check-Valid-Until "false";' >"$dir/etc/apt/apt.conf.d/99valid"
	chroot_run "$dir" -- apt-get update
	# shellcheck disable=SC2046
	chroot_run "$dir" -- apt-get install -y --no-install-recommends \
		$(chroot_packages "$major")
	chroot_run "$dir" -- apt-get clean
	chroot_packages "$major" >"$dir/.complete"
	chroot_complete "$major"
)
