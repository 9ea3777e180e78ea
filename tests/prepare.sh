# What ./demo and ./check have in common: the packages, the build, the layers of the sandbox. Sourced by bash; sets $top.
# Everything goes to build/ of the checkout; the host gets packages by apt and nothing else.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=$top/build
layers=$build/sandbox # usr/ and etc/ in each layer below it are laid over the host's in the sandbox
jobs=-j$(nproc) # of make
export LC_ALL=C.UTF-8
export CONFIG_SHELL=/bin/sh # configure would choose bash, in which libtool takes twice the time: a minute of ./check

complain() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# The packages of one kind ("install", "unpack") that the host does not have.
packages_missing() {
    local kind name
    while read -r kind name; do
        [ "$kind" = "$1" ] || continue
        dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' || echo "$name"
    done < "$top/tests/packages"
}

packages_install() {
    local missing root=
    mapfile -t missing < <(packages_missing install)
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        root=sudo
        if ! command -v sudo >/dev/null || { ! sudo -n true 2>/dev/null && [ ! -t 0 ]; }; then
            complain "these packages are missing, and without root or sudo they cannot be installed here." \
                "Let an administrator run: apt-get install --no-install-recommends ${missing[*]}"
            return 1
        fi
    fi
    $root apt-get -q update &&
        $root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
            -o DPkg::Lock::Timeout=300 install "${missing[@]}"
}

packages_fetch() {
    [ ${#missing[@]} = 0 ] || apt-get -q -y --no-install-recommends -o Debug::NoLocking=1 -o Dir::Cache::archives="$debs" \
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= --download-only install "${missing[@]}"
}

# openssh-server, sudo and the like are not installed where they are missing: that would start a service, or give the host
# a new setuid program. They are unpacked with what they depend on, and stand over the host's /usr in the sandbox alone.
packages_unpack() {
    local missing debs=$build/debs package part
    mapfile -t missing < <(packages_missing unpack)
    [ "$(cat "$layers/unpacked.list" 2>/dev/null)" != "${missing[*]}" ] || return 0
    rm -rf "$debs" "${layers:?}/unpacked"
    mkdir -p "$debs/partial" "$layers/unpacked"
    packages_fetch || { [ "$(id -u)" = 0 ] && apt-get -q update && packages_fetch; } || {
        complain "could not download: ${missing[*]} (an administrator's 'apt-get update' may help)"
        return 1
    }
    for package in "$debs"/*.deb; do
        [ -f "$package" ] || continue
        dpkg-deb -x "$package" "$layers/unpacked" || return 1
    done
    # Debian 12 has /bin, /lib and /sbin merged into /usr; packages still ship files in both places.
    for part in bin sbin lib lib64; do
        [ -d "$layers/unpacked/$part" ] || continue
        mkdir -p "$layers/unpacked/usr/$part" &&
            cp -a "$layers/unpacked/$part/." "$layers/unpacked/usr/$part/" &&
            rm -r "${layers:?}/unpacked/$part" || return 1
    done
    echo "${missing[*]}" > "$layers/unpacked.list"
}

# The source is built from a copy, so that the checkout stays as it was cloned and may be read-only or configured itself.
source_list() {
    find . \( -path ./.git -o -path ./build -o -path './build-*' -o -path ./autom4te.cache -o -name '.libs' \
        -o -name '.deps' -o -name __pycache__ -o -path './m4/l*.m4' \) -prune -o \( -type f -o -type l \) \
        ! -path ./configure ! -path ./config.h.in ! -path ./aclocal.m4 ! -path ./Makefile.in ! -path ./Makefile \
        ! -path ./config.h ! -path ./config.status ! -path ./libtool ! -name '*.o' ! -name '*.l[ao]' -print
}
source_copy() {
    local copy=$build/source
    mkdir -p "$copy"
    [ ! -f "$build/source.list" ] || (cd "$copy" && xargs -r -d '\n' rm -f < "$build/source.list")
    (cd "$top" && source_list) > "$build/source.list" &&
        tar -C "$top" -c -T "$build/source.list" | tar -C "$copy" -x --no-same-owner || return 1
    if [ ! -x "$copy/configure" ] || [ "$copy/configure.ac" -nt "$copy/configure" ] ||
        [ "$copy/Makefile.am" -nt "$copy/Makefile.in" ]; then
        (cd "$copy" && autoreconf -i)
    fi
}

# build_in NAME CONFIGURE-OPTION...: configures build/NAME where that is needed, and makes it.
build_in() {
    local directory=$build/$1
    shift
    mkdir -p "$directory" && cd "$directory" || return 1
    if [ "$(cat .options 2>/dev/null)" != "$*" ] || [ "$build/source/configure" -nt config.status ]; then
        "$build/source/configure" -q "$@" && echo "$*" > .options || return 1
    fi
    make -s $jobs
}
# As Debian lays it out.
build_main() {
    build_in main --enable-werror --libdir="/usr/lib/$(gcc -print-multiarch)"
}

# The layer that the product itself is: what `make install` puts on a Debian machine.
layer_install() {
    rm -rf "${layers:?}/installed" && mkdir -p "$layers/installed" "$layers/root" &&
        make -s -C "$build/main" install DESTDIR="$layers/installed" > "$layers/install.log" 2>&1 || {
        cat "$layers/install.log"
        return 1
    }
}
