#!/bin/sh
# shellcheck shell=dash
# One function of node.sh or checks.sh in a shell that ends with the first command that fails.
set -e
cd /sluice
# shellcheck disable=SC1091 # they stand beside it
. ./node.sh
# shellcheck disable=SC1091
. ./checks.sh
"$1"
