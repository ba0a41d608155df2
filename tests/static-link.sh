#!/bin/sh
# Installs the build into a temporary root, and links a static program with
# nothing but what the installed pkg-config file says.
#
#   static-link.sh <build root> <source root>
#
# SPDX-License-Identifier: LGPL-2.1-or-later
set -eu

build=$1
source=$2
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

fail () {
  echo "static-link: $*" >&2
  exit 1
}

DESTDIR=$root ${MESON:-meson} install -C "$build" --no-rebuild >"$root/log" 2>&1 ||
  { cat "$root/log" >&2; fail "meson install failed"; }

pc=$(find "$root" -name gstspead2.pc)
[ -n "$pc" ] || fail "no gstspead2.pc was installed"
plugins=$(dirname "$(dirname "$pc")")
case $plugins in
  */gstreamer-1.0) ;;
  *) fail "gstspead2.pc is in $plugins, not below gstreamer-1.0" ;;
esac
for library in libgstspead2.so libgstspead2.a; do
  [ -f "$plugins/$library" ] || fail "$library is not in $plugins"
done

# What the shared library shows: the two symbols that GStreamer looks for.
symbols=$(nm -D --defined-only "$plugins/libgstspead2.so" | awk '{ print $3 }' |
  sed 's/@.*//' | sort)
for symbol in $symbols; do
  case $symbol in
    gst_plugin_spead2_*) ;;
    *) fail "the shared library exports $symbol" ;;
  esac
done
for symbol in gst_plugin_spead2_get_desc gst_plugin_spead2_register; do
  echo "$symbols" | grep -qx "$symbol" ||
    fail "the shared library does not export $symbol"
done

# The installed file says where it is once the temporary root is /; other
# packages' files are left as they are.
sed -i "s|^prefix=|prefix=$root|" "$pc"
export PKG_CONFIG_PATH="$plugins/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
query () {
  pkg-config "$@" gstspead2
}
cflags=$(query --cflags)
libs=$(query --libs)
case $libs in
  *-lgstspead2*) ;;
  *) fail "pkg-config does not name the library: $libs" ;;
esac
case " $libs " in
  *" -L$plugins "*) ;;
  *) fail "pkg-config does not say where the library is: $libs" ;;
esac

# Of the two libraries in that directory, the static one.
libs=$(echo "$libs" | sed 's/-lgstspead2/-l:libgstspead2.a/g')
# shellcheck disable=SC2086
${CC:-cc} -o "$root/static" "$source/tests/check/static/static.c" $cflags $libs
if ldd "$root/static" | grep -q gstspead2; then
  fail "the program needs the shared library"
fi

for what in plugin elements; do
  GST_PLUGIN_PATH= GST_PLUGIN_PATH_1_0= GST_REGISTRY="$root/registry" \
    "$root/static" $what || fail "the static program failed: $what"
done
