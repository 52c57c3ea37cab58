# Shared by the scripts in this folder; not to be run.

# directory PATH: the absolute form of the given directory, or of the default.
directory() {
	local dir=${1:-${TMPDIR:-/tmp}/latchkey-docker}
	[[ $dir = /* ]] || dir=$PWD/$dir
	# The kernel and dockerd speak of it without symbolic links.
	[[ ! -d $dir ]] || dir=$(cd "$dir" && pwd -P)
	printf '%s\n' "$dir"
}

say() { printf 'docker: %s\n' "$*" >&2; }

die() {
	say "$*"
	exit 1
}

# is_root_on_debian: whether packages can be installed and dockerd be run.
is_root_on_debian() {
	[[ $(id -u) = 0 && -e /etc/debian_version ]] && command -v apt-get >/dev/null
}

# own_daemon DIR: prints the process id of the dockerd of this directory, if
# it runs. A pid file may be stale, and its number belong to anybody by now.
own_daemon() {
	local pid
	pid=$(cat "$1/docker.pid" 2>/dev/null) && [[ $pid =~ ^[0-9]+$ ]] || return 1
	tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "--pidfile=$1/docker.pid" || return 1
	printf '%s\n' "$pid"
}

# end_leftovers DIR: ends what a dockerd that was killed has left running.
end_leftovers() {
	local shim
	for shim in $(pgrep -f "^[^ ]*containerd.* $1/exec/containerd/" || true); do
		pkill -KILL -P "$shim" || true
		kill -KILL "$shim" 2>/dev/null || true
	done
}

# unmount_below DIR: the deepest mounts are those that were made last.
unmount_below() {
	local mounts point
	mounts=$(awk -v dir="$1/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | tac)
	while read -r point; do
		[[ -z $point ]] || umount -l "$point"
	done <<<"$mounts"
}

# install_packages NAME...: with apt-get, which must not ask questions.
install_packages() {
	say "installing $* ..."
	quietly apt-get update
	DEBIAN_FRONTEND=noninteractive quietly apt-get install -y "$@"
}

# quietly COMMAND...: shows the end of its output only if it fails.
quietly() {
	local output
	if ! output=$("$@" 2>&1 </dev/null); then
		printf '%s\n' "$output" | tail -n 20 >&2
		die "this failed: $*"
	fi
}
