# SPDX-License-Identifier: LGPL-2.1-or-later
#
# ./dev package and ./dev cross: sourced by ./dev, whose functions and variables they use.

package_packages=(git build-essential debhelper dh-python lintian mmdebstrap iproute2
  pkgconf python3-sphinx python3-myst-parser furo gstreamer1.0-plugins-base gstreamer1.0-tools)
cross_packages=(qemu-user mmdebstrap gcc-s390x-linux-gnu gcc-aarch64-linux-gnu)
# Of the foreign architecture, and of the oldest release that is supported. appsink is in the last one.
foreign_release=bookworm
foreign_packages=(libc6-dev libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev gstreamer1.0-plugins-base)

# --- package -----------------------------------------------------------------

packages=$build/package

# A tarball of what is committed, as every packager gets it, with packaging/debian in its place.
make_source_package() {
  local dist=$packages/dist version upstream
  quietly dist-setup meson setup "$dist" -Dtests=disabled -Dexamples=disabled
  quietly dist meson dist -C "$dist" --formats xztar --no-tests
  upstream=$(basename "$dist"/meson-dist/*.tar.xz .tar.xz)
  version=${upstream##*-}
  cp "$dist/meson-dist/$upstream.tar.xz" "$packages/gst-spead2_$version.orig.tar.xz"
  tar -C "$packages" -xf "$packages/gst-spead2_$version.orig.tar.xz"
  mv "$packages/$upstream" "$packages/source"
  cp -r "$packages/source/packaging/debian" "$packages/source/debian"
  (cd "$packages" && quietly dpkg-source dpkg-source --build source)
}

# As the machines of distributions build: without privileges, and with a network that is the
# loopback alone; root can arrange for both.
unprivileged() {
  if [ "$(id -u)" = 0 ]; then
    unshare --net sh -c 'ip link set lo up &&
      exec setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent "$@"' sh "$@"
  else
    "$@"
  fi
}

# build_binary_packages NAME [VARIABLE=VALUE...]: of the source package alone, by Debian's programs
# alone, into $packages/NAME.
build_binary_packages() {
  local name=$1 directory
  shift
  directory=$(mktemp -d)
  dpkg-source --no-check --extract "$packages"/gst-spead2_*.dsc "$directory/gst-spead2" >/dev/null
  [ "$(id -u)" != 0 ] || chown -R 65534:65534 "$directory"
  (cd "$directory/gst-spead2" && quietly "package-$name" unprivileged env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@" \
    dpkg-buildpackage --build=binary --no-sign)
  rm -rf "$directory/gst-spead2"
  mkdir -p "$packages/$name"
  cp "$directory"/* "$packages/$name"
  rm -rf "$directory"
}

check_reproducible() {
  local package n=0
  for package in "$packages"/first/*.deb; do
    cmp "$package" "$packages/second/$(basename "$package")" || fail "the second build differs"
    n=$((n + 1))
  done
  say "   $n packages are the same, byte for byte"
}

# The release of Debian that this machine has.
release() { (. /etc/os-release && say "$VERSION_CODENAME"); }

# write_sources FILE RELEASE: where this machine has its packages from, for that release.
write_sources() {
  apt-get indextargets --format 'deb $(SITE) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    sed "s/ $(release)/ $2/" | sort -u >"$1"
}

make_packages() {
  need "${build_packages[@]}" "${package_packages[@]}"
  rm -rf "$packages"
  mkdir -p "$packages"
  step "Making the source package of what is committed"
  make_source_package
  step "Building the packages, and running their tests"
  build_binary_packages first
  mv "$packages"/first/*.changes "$packages"/first/*.buildinfo "$packages"
  cp "$packages"/first/*.deb "$packages"
}

check_packages() {
  step "Building them again, in another directory, time zone, locale and with another umask"
  (umask 077 && build_binary_packages second TZ=Asia/Tokyo LC_ALL=C DEB_BUILD_OPTIONS=nocheck)
  check_reproducible
  step "Lintian"
  lintian --allow-root --fail-on error,warning "$packages"/*.dsc "$packages"/*.changes ||
    fail "lintian complains"
  step "Installing them in a bare system, a stream, all lines of their pages, and removing them"
  write_sources "$packages/sources.list" "$(release)"
  quietly package-installed mmdebstrap --variant=apt --format=null \
    --customize-hook="'$root/packaging/check-installed.sh' '$packages' \"\$1\"" \
    "$(release)" /dev/null "$packages/sources.list"
  grep '^check-installed:' "$build/log/package-installed.txt" | sed 's/^check-installed:/  /'
}

verb_package() {
  case "$*" in
    '') make_packages ;;
    --check)
      make_packages
      check_packages
      ;;
    *) fail "package takes --check or nothing" ;;
  esac
  step "Made, in $(shown "$packages"):"
  (cd "$packages" && ls -- *.deb *.dsc)
}

# --- cross -------------------------------------------------------------------

# make_root ARCHITECTURE: libraries in a directory of their own; nothing foreign is installed.
make_root() {
  local root=$build/cross/root-$1 link
  [ ! -d "$root" ] || return 0
  step "Downloading libraries of $1, this once"
  mkdir -p "$build/cross"
  write_sources "$build/cross/sources.list" "$foreign_release"
  rm -rf "$root.part"
  quietly "root-$1" mmdebstrap --variant=extract --architectures="$1" \
    --include="$(IFS=,; say "${foreign_packages[*]}")" \
    "$foreign_release" "$root.part" "$build/cross/sources.list"
  # Those that lead out of the directory.
  find "$root.part/usr/lib" -lname '/*' | while read -r link; do
    ln -sfn "$(realpath -ms --relative-to="$(dirname "$link")" "$root.part$(readlink "$link")")" "$link"
  done
  # Where the package that has it is not among those.
  [ -e "$root.part/lib" ] || ln -s usr/lib "$root.part/lib"
  printf "[constants]\nroot = '%s'\n" "$root" >"$root.ini"
  mv "$root.part" "$root"
}

# What qemu emulates: no test with a socket, whose options it does not have, nor those that
# draw many samples. It has no fork() of a program with threads.
emulated_tests() {
  CK_FORK=no GST_REGISTRY_FORK=no CK_EXCLUDE_TAGS=heavy meson_tests "$1" "$build/cross/$1" --timeout-multiplier 3 --suite pure --suite common --suite adctestsrc
}

cross_tests() {
  local architecture
  runner=()
  need "${build_packages[@]}" "${cross_packages[@]}"
  for architecture in arm64 s390x; do
    make_root "$architecture"
    step "Everything for $architecture, and the tests that are emulated"
    (configure "$build/cross/$architecture" -Dwerror=true -Dio-uring=disabled \
      --cross-file "$build/cross/root-$architecture.ini" --cross-file "packaging/cross/$architecture.ini" &&
      compile "$build/cross/$architecture") || broken "the build failed"
    emulated_tests "$architecture"
  done
}

verb_cross() {
  [ $# = 0 ] || fail "cross takes no arguments"
  trap close_tests EXIT
  cross_tests
}
