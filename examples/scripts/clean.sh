. scripts/where.sh
rm -f "$here/lines" "$here/web-port"
rmdir "$here" 2>/dev/null || true
