#!/bin/sh
# In a bare system, a directory: installs packages, uses the plugin as a user does, by the lines
# of its pages, too, and purges them; no file of theirs may stay. mmdebstrap calls it.
#
#   check-installed.sh <directory of packages> <root of the system>
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu

packages=$1
root=$2
here=$(dirname "$(readlink -f "$0")")

inside () {
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    chroot "$root" "$@"
}

# How this machine finds the mirrors, of Debian and of PyPI.
cp -L /etc/hosts /etc/resolv.conf "$root/etc/"
[ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$root/etc/"
mkdir -p "$root/usr/local/share/ca-certificates"
cp -a /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
# With what packages recommend, as apt does unless it is forbidden, and without a question.
printf 'APT::Install-Recommends "true";\nAPT::Get::Assume-Yes "true";\n' >"$root/etc/apt/apt.conf.d/99check"
mkdir "$root/packages"
names="gstreamer1.0-spead2 gstreamer1.0-spead2-doc python3-gst-spead2"
for name in $names; do
  cp "$packages/$name"_*.deb "$root/packages"
done
cp "$here/debian/tests/pipeline" "$here/debian/tests/python" "$here/check-lines.py" "$root/packages"

inside sh -c 'apt-get -q install /packages/*.deb'
# shellcheck disable=SC2086
inside dpkg --listfiles $names |
  while read -r file; do
    [ ! -f "$root$file" ] || echo "$file"
  done >"$root/packages/files"
echo "check-installed: $(wc -l <"$root/packages/files") files are installed"
grep -q '/gstreamer-1.0/libgstspead2.so$' "$root/packages/files"
if grep -E '\.(a|pc)$' "$root/packages/files"; then
  echo "check-installed: the package has a static library" >&2
  exit 1
fi

inside /packages/pipeline
inside /packages/python
inside /packages/check-lines.py /packages

# shellcheck disable=SC2086
inside apt-get -q purge $names
left=$(while read -r file; do [ ! -e "$root$file" ] || echo "$file"; done <"$root/packages/files"
  find "$root/usr" "$root/etc" "$root/var/lib/dpkg/info" -name '*spead2*')
if [ -n "$left" ]; then
  echo "check-installed: left behind: $left" >&2
  exit 1
fi
echo "check-installed: none of them is left"
