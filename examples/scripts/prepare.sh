. scripts/where.sh
umask 077
mkdir -p "$here" || exit 1
[ -p "$here/lines" ] || mkfifo "$here/lines"
