# Sluice's front door. A bare `make` lists what there is; everything is built below build/.
.DEFAULT_GOAL := list
space := $(subst ,, )
.PHONY: list demo test kernels check sanitize threads fuzz upgrades soak bench bench-report bench-quick bench-old bench-api bench-relay bench-names image deb reproducible install clean deps kernels-deps bench-deps browser-deps chart-tools promtool programs arm64 arm64-deps kernels-arm64

PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
HOURS ?= 0.1
# Of each kind of death under traffic; 0: before each system call of an update, and at 500 random moments.
FAULT_POINTS ?= 60
ifneq ($(shell command -v ccache),)
export CMAKE_C_COMPILER_LAUNCHER ?= ccache
export CMAKE_CXX_COMPILER_LAUNCHER ?= ccache
# Two clones of the same sources share what they compile, GoogleTest's precompiled headers included.
export CCACHE_BASEDIR ?= $(CURDIR)
export CCACHE_NOHASHDIR ?= 1
export CCACHE_SLOPPINESS ?= pch_defines,time_macros
endif

# One line that says how far it is; where there is no terminal, a line a step.
export NINJA_STATUS ?= build: step %f of %t, %es:$(space)

as_root = @[ "$$(id -u)" = 0 ] || { echo "make $@: loads BPF programs and makes network namespaces: sudo make $@" >&2; exit 2; }
configure = cmake --preset $(1) --log-level=WARNING -DSLUICE_WERROR=ON
build = cmake --build --preset $(1)
# A backtrace has names and lines; what a debugger wants beside them costs a fifth of the compiler's time under the sanitizers.
lines_only = -DCMAKE_C_FLAGS_DEBUG=-g1 -DCMAKE_CXX_FLAGS_DEBUG=-g1
bench_suites = packet change wire flood
# benchmarks folder,options: builds them and writes what each finds into a document of the folder.
define benchmarks
	$(call configure,release)
	$(call build,release) --target benchmarks
	@mkdir -p $(1)
	@set -e; for suite in $(bench_suites); do echo "== bench_$$suite $(2)"; \
	  build/release/bench/bench_$$suite $(2) --out $(1)/$$suite.json; done
endef

list: ## this list
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 22

demo: deps ## a small cluster on this machine: what may talk before, under and after a change of policy (root)
	$(as_root)
	$(call configure,release)
	$(call build,release) --target demo_programs
	deploy/demo.sh

test: deps kernels-deps browser-deps chart-tools promtool ## every test, under ASan+UBSan or in the release build, most in both (root)
	$(as_root)
	$(call configure,release)
	$(call build,release)
	$(call configure,debug) $(lines_only)
	$(call build,debug) --target sanitized
	ctest --preset debug
	ctest --preset release --label-exclude '^(sanitized|make-check)-only$$'

kernels: deps kernels-deps kernels-arm64 ## Debian's kernels from 5.10 on, amd64's and arm64's, booted in QEMU with these programs; writes docs/kernels.md
	$(call configure,release)
	$(call build,release) --target kernels_programs
	tests/kernels/run.py --long --refresh --write docs/kernels.md

kernels-arm64: deps arm64-deps
	deploy/sysroot.sh
	$(call configure,arm64)
	$(call build,arm64) --target kernels_programs
	tests/kernels/run.py --arch arm64 --long --refresh --write docs/kernels.md

check: deps ## format, clang-tidy (what changed since it last passed; FULL=1: all), layers, headers, style
	tests/check/format.sh
	$(call configure,release)
	$(call build,release)
	ctest --preset release --label-regex check
	$(call configure,files)
	$(call build,files) --target generated
	tests/check/tidy.sh build/files

sanitize: threads ## all that `make test` leaves out of sanitizers: agents, watchers and plugins in real traffic under ASan+UBSan, and `make threads`; half an hour once it is built (root)
	$(call configure,debug) $(lines_only)
	$(call build,debug) --target apart
	ctest --preset apart

threads: deps ## what runs on several threads, tests/live with its agent among it, under the thread sanitizer; fifteen minutes once it is built (root)
	$(as_root)
	$(call configure,threads) $(lines_only)
	$(call build,threads) --target threaded
	setarch -R ctest --preset threads

fuzz: deps ## each fuzzer for FUZZ_SECONDS=60 from its seed corpus, under ASan+UBSan
	$(call configure,fuzz)
	$(call build,fuzz) --target fuzzers
	tests/fuzz/run.sh build/fuzz $(FUZZ_SECONDS)

upgrades: deps ## an agent of each earlier layout, built from the history, replaced under traffic by this one, and back; a quarter of an hour, two once they are built (root)
	$(as_root)
	$(call configure,release)
	$(call build,release) --target live
	tests/upgrade/run.sh build/release build/upgrade

soak: bench-deps ## for HOURS=0.1 each, drawn in build/soak: a random cluster that changes, beside the reference; floods and restarts under traffic; deaths (FAULT_POINTS=60); random packets through both engines. Fails at the first loss or difference (root)
	$(as_root)
	$(call configure,release)
	$(call build,release) --target churn soak live packet_sequences
	@mkdir -p build/soak
	SLUICE_SOAK_HOURS=$(HOURS) SLUICE_SOAK_SAMPLES=build/soak/churn.csv build/release/tests/soak/churn
	bench/report/soak.py --into build/soak/churn.svg build/soak/churn.csv
	build/release/bench/soak --hours $(HOURS)
	SLUICE_FAULT_POINTS=$(FAULT_POINTS) build/release/tests/live/live --gtest_filter='KilledTest.*'
	build/release/tests/differential/packet_sequences --hours $(HOURS) --seed $$(date +%s)000000

bench: bench-deps ## the benchmarks; every contender's answer is checked before it is timed (root)
	$(as_root)
	$(call benchmarks,build/bench)

bench-old: bench-deps ## the programs as they were on the kernel's own tables, in turns with the present ones (root)
	$(as_root)
	$(call configure,release)
	bench/old/run.sh

bench-report: bench bench-old ## the benchmarks, and their report into docs/benchmarks (root)
	bench/report/report.py --into docs/benchmarks $(bench_suites:%=build/bench/%.json) \
	  $$(find build/bench/old.json 2>/dev/null)

bench-quick: bench-deps ## fewer sizes and rounds, in four minutes; bench/compare takes its results.json (root)
	$(as_root)
	$(call benchmarks,build/bench/quick,--quick)
	bench/report/report.py --results-only --into build/bench/quick $(bench_suites:%=build/bench/quick/%.json)

bench-names: deps ## what held DNS answers cost at 10,000 a second, and a look at a million flows; two minutes (root)
	$(as_root)
	$(call configure,release)
	$(call build,release) --target bench_names
	build/release/bench/bench_names

bench-relay: deps ## what one relay of a thousand nodes and 100,000 pods costs; five minutes and 4 GiB
	$(call configure,release)
	$(call build,release) --target bench_relay
	build/release/bench/bench_relay --into docs/benchmarks/relay.md

bench-api: deps ## from a change at an API server to being in force, under 100 changes a second; seven minutes (root)
	$(as_root)
	$(call configure,release)
	$(call build,release) --target bench_api
	@mkdir -p build/bench
	build/release/bench/bench_api --out build/bench/api.json
	bench/report/api.py --into docs/benchmarks/api.md build/bench/api.json

arm64: deps arm64-deps ## the programs for arm64, by Debian's cross compiler, below build/arm64
	deploy/sysroot.sh
	$(call configure,arm64)
	$(call build,arm64) --target programs

image: programs ## the container image as build/image/*.tar, without a registry; for arm64 too after make arm64 (root)
	$(as_root)
	@deploy/install-deps.sh image
	rm -rf build/image
	deploy/image/build.sh --programs build/release/agent/apps \
	  $$(test ! -x build/arm64/agent/apps/sluiced || echo --programs build/arm64/agent/apps) --out build/image

deb: $(if $(filter arm64,$(ARCH)),arm64,programs) ## the Debian packages sluice and sluice-cni as build/deb/*.deb; ARCH=arm64: that machine's
	deploy/deb/build.sh --programs build/$(if $(filter arm64,$(ARCH)),arm64,release)/agent/apps --out build/deb

install: programs ## programs, systemd unit and documents below DESTDIR= PREFIX=/usr/local
	cmake --install build/release --prefix $(PREFIX)

clean: ## remove build/
	rm -rf build

deps:
	@deploy/install-deps.sh

# helm and kubectl; tests that need them are skipped where they are not to be had.
chart-tools:
	@deploy/install-chart-tools.sh || true

# 19 MB to fetch, one file of them is kept; tests that need it are skipped, and say so, where it is not to be had.
promtool:
	@deploy/install-promtool.sh || true

# Half a minute; the test of the pages is skipped where it is not to be had.
browser-deps:
	@deploy/install-deps.sh browser || true

kernels-deps:
	@deploy/install-deps.sh kernels

arm64-deps:
	@deploy/install-deps.sh arm64

bench-deps:
	@deploy/install-deps.sh bench

programs: deps
	$(call configure,release)
	$(call build,release) --target programs
