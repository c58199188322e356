. scripts/where.sh
# Opened for both directions, so that it is no end of file when a writer closes.
exec 3<>"$here/lines"
while IFS= read -r line <&3; do
  printf '%s\n' "$line"
done
