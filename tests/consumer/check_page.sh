#!/usr/bin/env bash
# Every block of docs/adapting.md that names a file of this project stands in that file.
#   check_page.sh PAGE PROJECT_FOLDER
set -euo pipefail
page=$1 project=$2
file='' block='' blocks=0 in_block=0
while IFS= read -r line; do
  if ((in_block)) && [[ $line == '```' ]]; then
    in_block=0
    [[ -n $file ]] || continue
    blocks=$((blocks + 1))
    content=$(<"$project/$file")
    if [[ $content$'\n' != *"$block"* ]]; then
      printf '%s quotes %s, where this does not stand:\n%s' "$page" "$file" "$block" >&2
      exit 1
    fi
  elif ((in_block)); then
    block+=$line$'\n'
  elif [[ $line == '```'* ]]; then
    in_block=1 block=''
    read -r _ file _ <<<"$line " || true
  fi
done <"$page"
if ((blocks < 10)); then
  echo "$page: only $blocks blocks name a file" >&2
  exit 1
fi
echo "$blocks blocks"
