. scripts/where.sh
count=0
while :; do
  count=$((count + 1))
  echo "line $count at $(date +%H:%M:%S)" >"$here/lines"
  sleep 1
done
