#!/bin/sh
# Runs a program that must be reported by ThreadSanitizer as having a data race,
# and fails when it is not: other failures have the same exit status, so the
# report itself is looked for.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
report=$("$@" 2>&1)
status=$?
echo "$report"
if [ "$status" -ne 66 ]; then
  echo "exit status $status instead of 66" >&2
  exit 1
fi
case $report in
  *"WARNING: ThreadSanitizer: data race"*) exit 0 ;;
esac
echo "no data race was reported" >&2
exit 1
