. scripts/where.sh
echo "the server answers on port $(cat "$here/web-port")"
