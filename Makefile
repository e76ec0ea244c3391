# dd0c: `make` builds build/dd0c; `make help` lists the rest.
VARIANT ?= release
OUT     ?= build/$(VARIANT)
PREFIX  ?= /usr/local
NM      := node_modules

CC      ?= cc
NODE    ?= node
PYTHON  ?= python3
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wpointer-arith -Wwrite-strings \
           -Wno-missing-field-initializers -Werror
CFLAGS.release := -O2 -g
CFLAGS.asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CFLAGS.tsan    := -O1 -g -fsanitize=thread
CFLAGS.fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
# The sanitizers' null checks make gcc see null formats that cannot be.
WARN += $(if $(filter asan tsan,$(VARIANT)),-Wno-format-truncation -Wno-format-overflow)
CFLAGS_ALL     := -std=gnu11 -pthread -I. -I$(OUT)/gen $(CFLAGS.$(VARIANT)) $(EXTRA_CFLAGS)
# llhttp: C sources from apt's node-llhttp, or the library where the system has one.
LLHTTP     := $(wildcard /usr/share/llhttp/llhttp.c)
LLHTTP_OBJ := $(if $(LLHTTP),$(patsubst %,$(OUT)/llhttp/%.o,llhttp api http))
PKGS           := libpcre2-8 libcjson libcurl yaml-0.1 sqlite3 libssl libcrypto libzstd zlib $(if $(LLHTTP),,libllhttp)
PKG_CFLAGS     := $(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(if $(LLHTTP),-I/usr/share/include/llhttp)
# ncurses' flags name an old POSIX: what is needed stands in cmd/top_screen.c.
LIBS           := $(shell pkg-config --libs $(PKGS) ncursesw 2>/dev/null) -lcrypt -lm
ifeq ($(VARIANT),fuzz)
CC := clang
endif

# --- our sources, by layer (style: includes point down this list) ---
LAYERS   := base pricing-cache route scan report store proxy/http proxy/dialect proxy cmd
SRC      := $(filter-out %_fuzz.c,$(wildcard $(LAYERS:%=%/*.c)))
LIB_SRC  := $(filter-out cmd/%,$(SRC))
FUZZ_SRC := $(wildcard $(LAYERS:%=%/*_fuzz.c))
TEST_SRC := $(wildcard tests/unit/*.c tests/unit/*/*.c tests/unit/*/*/*.c)
OBJ      := $(SRC:%.c=$(OUT)/%.o)
LIB_OBJ  := $(LIB_SRC:%.c=$(OUT)/%.o)
CMD_OBJ  := $(filter-out $(LIB_OBJ),$(OBJ))
TEST_OBJ := $(TEST_SRC:%.c=$(OUT)/%.o)

# --- tree-sitter and its grammars: C sources from npm packages (package-lock.json pins them) ---
TS      := $(NM)/tree-sitter/vendor/tree-sitter/lib
TS_OBJ  := $(patsubst %,$(OUT)/ts/%.o,core python-parser python-scanner javascript-parser javascript-scanner \
           typescript-parser typescript-scanner tsx-parser tsx-scanner)
TS_CFLAGS = -std=gnu11 -O2 -w -DTREE_SITTER_REUSE_ALLOCATOR -I$(TS)/include -I$(TS)/src $(filter -fsanitize%,$(CFLAGS.$(VARIANT)))

LIB3_OBJ = $(TS_OBJ) $(LLHTTP_OBJ) $(GEN_OBJ)

.PHONY: all help check check-unit check-cli asan tsan fuzz fuzz-replay bench score lint golden man install dist fresh scan clean decisions flag-audit
all: build/dd0c

build/dd0c: $(OUT)/dd0c
	@mkdir -p build && ln -sf $(patsubst build/%,%,$(OUT))/dd0c $@ 2>/dev/null || cp $< $@

# The rooms below cmd/, as an archive: a program takes what it needs of it.
LIB := $(OUT)/libdd0c.a
$(LIB): $(LIB_OBJ)
	@rm -f $@ && ar qcs $@ $(LIB_OBJ)

$(OUT)/dd0c: $(CMD_OBJ) $(LIB) $(LIB3_OBJ)
	@echo "  LINK  $@" && $(CC) -pthread $(CFLAGS.$(VARIANT)) -o $@ $(CMD_OBJ) $(LIB) $(LIB3_OBJ) $(LDFLAGS) $(LIBS)

$(NM)/.package-lock.json: package-lock.json
	@echo "  the C sources of the parsers are missing or old: run ./setup.sh"; exit 1

$(OUT)/llhttp/%.o: /usr/share/llhttp/%.c
	@mkdir -p $(@D) && echo "  CC    $<" && $(CC) -std=gnu11 -O2 -w -DLLHTTP_STRICT_MODE=1 $(PKG_CFLAGS) $(filter -fsanitize%,$(CFLAGS.$(VARIANT))) -c $< -o $@

# --- generated tables ---
-include tools/*.mk

$(OUT)/%.o: %.c | $(NM)/.package-lock.json $(GEN_HEADERS)
	@mkdir -p $(@D) && echo "  CC    $<" && $(CC) $(CFLAGS_ALL) $(WARN) $(PKG_CFLAGS) -I$(TS)/include -include base/banned.h -MMD -MP -c $< -o $@

# clang calls a library for a compare and swap of 16 bytes unless the whole file may use the instruction.
$(OUT)/store/ledger_step.o: PKG_CFLAGS += $(if $(filter x86_64,$(shell uname -m)),-mcx16)

$(OUT)/ts/core.o:               $(TS)/src/lib.c
$(OUT)/ts/python-parser.o:      $(NM)/tree-sitter-python/src/parser.c
$(OUT)/ts/python-scanner.o:     $(NM)/tree-sitter-python/src/scanner.c
$(OUT)/ts/javascript-parser.o:  $(NM)/tree-sitter-javascript/src/parser.c
$(OUT)/ts/javascript-scanner.o: $(NM)/tree-sitter-javascript/src/scanner.c
$(OUT)/ts/typescript-parser.o:  $(NM)/tree-sitter-typescript/typescript/src/parser.c
$(OUT)/ts/typescript-scanner.o: $(NM)/tree-sitter-typescript/typescript/src/scanner.c
$(OUT)/ts/tsx-parser.o:         $(NM)/tree-sitter-typescript/tsx/src/parser.c
$(OUT)/ts/tsx-scanner.o:        $(NM)/tree-sitter-typescript/tsx/src/scanner.c
$(TS_OBJ): | $(NM)/.package-lock.json
	@mkdir -p $(@D) && echo "  CC    $<" && $(CC) $(TS_CFLAGS) -I$(dir $<) -c $< -o $@

# --- tests ---
# What of cmd/ has a header is tested through it, too.
LIB_CMD := $(OUT)/libcmd.a
$(LIB_CMD): $(filter-out $(OUT)/cmd/main.o,$(CMD_OBJ))
	@rm -f $@ && ar qcs $@ $^
$(OUT)/unit-tests: $(TEST_OBJ) $(LIB_CMD) $(LIB) $(LIB3_OBJ)
	@echo "  LINK  $@" && $(CC) -pthread $(CFLAGS.$(VARIANT)) -o $@ $^ $(LDFLAGS) $(LIBS)

check-unit: $(OUT)/unit-tests
	$(OUT)/unit-tests $(T)
check-cli: $(OUT)/dd0c
	$(PYTHON) tests/run.py --program $(OUT)/dd0c $(T)
check: $(OUT)/unit-tests $(OUT)/dd0c
	$(PYTHON) tests/run.py --program $(OUT)/dd0c --unit $(OUT)/unit-tests
asan: ; $(MAKE) VARIANT=asan check
tsan: ; $(MAKE) VARIANT=tsan check

# --- fuzzing: libFuzzer targets beside their modules; what they found is in tests/fuzz/<module>/ ---
FUZZ_SECONDS ?= 60
FUZZ_NAMES := $(notdir $(FUZZ_SRC:%_fuzz.c=%))
FUZZ_BIN   := $(FUZZ_NAMES:%=$(OUT)/fuzz/%)
FUZZ_LIB   := $(filter-out $(OUT)/cmd/main.o,$(CMD_OBJ)) $(LIB)
.SECONDARY: $(FUZZ_SRC:%.c=$(OUT)/%.o)
define fuzz_rule
$(OUT)/fuzz/$(notdir $(1:%_fuzz.c=%)): $(OUT)/$(1:%.c=%.o) $(FUZZ_LIB) $(LIB3_OBJ)
	@mkdir -p $$(@D) && echo "  LINK  $$@" && $$(CC) -pthread -g -fsanitize=fuzzer,address,undefined -o $$@ $$^ $$(LDFLAGS) $$(LIBS)
endef
$(foreach f,$(FUZZ_SRC),$(eval $(call fuzz_rule,$(f))))
fuzz: ; $(MAKE) VARIANT=fuzz fuzz-run
fuzz-replay: ; $(MAKE) VARIANT=fuzz fuzz-replay-run
.PHONY: fuzz-run fuzz-replay-run
fuzz-run: $(FUZZ_BIN)
	@set -e; for t in $(FUZZ_NAMES); do mkdir -p build/corpus/$$t tests/fuzz/$$t; echo "  FUZZ  $$t, $(FUZZ_SECONDS) s"; \
	  $(OUT)/fuzz/$$t -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -timeout=10 -verbosity=0 -print_final_stats=1 \
	  -artifact_prefix=tests/fuzz/$$t/ build/corpus/$$t tests/fuzz/$$t 2>build/corpus/$$t.log || { tail -n 40 build/corpus/$$t.log; exit 1; }; \
	  grep -E 'number_of_executed|new_units' build/corpus/$$t.log; done
fuzz-replay-run: $(FUZZ_BIN)
	@n=0; for t in $(FUZZ_NAMES); do files=$$(find tests/fuzz/$$t -type f 2>/dev/null); $(OUT)/fuzz/$$t -runs=2000 -seed=1 -timeout=10 -verbosity=0 $$([ -n "$$files" ] && echo tests/fuzz/$$t) >build/fuzz-replay.log 2>&1 \
	  || { tail -n 40 build/fuzz-replay.log; echo "$$t: replay failed"; exit 1; }; n=$$((n+1)); done; echo "$$n passed, 0 failed"

# --- measures ---
score: build/dd0c ; $(PYTHON) tools/score.py --program build/dd0c $(if $(DIR),--trees $(DIR))
score-packages: build/dd0c ; $(PYTHON) tools/score_packages.py --program build/dd0c
conformance: build/dd0c ; $(PYTHON) tests/conformance.py --program build/dd0c --shared ../shared
stress: build/dd0c ; $(PYTHON) tests/stress.py --program build/dd0c
privacy: build/dd0c ; $(PYTHON) tests/privacy.py --program build/dd0c
.PHONY: privacy
resilience: build/dd0c ; $(PYTHON) tests/resilience.py --program build/dd0c
compat: build/dd0c ; $(PYTHON) tests/compat/run.py --program build/dd0c
compat-methods: compat ; build/compat/venv/bin/python -W ignore tests/compat/methods.py --program build/dd0c
.PHONY: compat-methods
otlp: build/dd0c ; $(PYTHON) tests/otlp.py --program build/dd0c $(if $(COLLECTOR),--collector $(COLLECTOR))
bench-export: build/dd0c ; $(PYTHON) bench/export.py --check
bench-otlp: $(OUT)/bench/otlp ; $<
$(OUT)/bench/otlp: bench/otlp_bench.c $(LIB) $(GEN_OBJ)
	@mkdir -p $(@D) && echo "  LINK  $@" && $(CC) $(CFLAGS_ALL) $(WARN) $(PKG_CFLAGS) -include base/banned.h -o $@ $^ $(LDFLAGS) $(LIBS)
otlp-collector: build/dd0c
	cd tests/collector && go build -o ../../build/otlp/collector .
	$(MAKE) otlp COLLECTOR=build/otlp/collector
.PHONY: otlp otlp-collector bench-export bench-otlp
budgets: build/dd0c ; $(PYTHON) tests/budgets.py --program build/dd0c --tsan
.PHONY: budgets
bench: build/dd0c ; bench/run.sh
bench-gate: build/dd0c ; bench/gate.sh
bench-api: build/dd0c ; $(PYTHON) bench/api.py --program build/dd0c --history $(HISTORY)
.PHONY: bench-api
bench-route: $(OUT)/bench/route ; $<
$(OUT)/bench/route: bench/route_bench.c $(LIB) $(GEN_OBJ)
	@mkdir -p $(@D) && echo "  LINK  $@" && $(CC) $(CFLAGS_ALL) $(WARN) $(PKG_CFLAGS) -include base/banned.h -o $@ $^ $(LDFLAGS) $(LIBS)
# A history of EVENTS requests in HISTORY (made once, and again when it is removed), and how long views wait over it. 10 million take 9 GB.
EVENTS  ?= 1000000
HISTORY ?= build/history-$(EVENTS)
bench-views: $(OUT)/bench/history $(OUT)/bench/views
	@[ -e $(HISTORY)/telemetry.db ] || $(OUT)/bench/history $(HISTORY) $(EVENTS)
	$(OUT)/bench/views $(HISTORY)
$(OUT)/bench/history $(OUT)/bench/views $(OUT)/bench/store_bench: $(OUT)/bench/%: bench/%.c $(LIB) $(GEN_OBJ)
	@mkdir -p $(@D) && echo "  LINK  $@" && $(CC) $(CFLAGS_ALL) $(WARN) $(PKG_CFLAGS) -include base/banned.h -o $@ $^ $(LDFLAGS) $(LIBS)
.PHONY: bench-views
bench-stages: build/dd0c ; $(PYTHON) bench/stages.py --trend docs/trend-stages.csv
lint: build/dd0c ; $(PYTHON) tools/lint.py
decisions: ; @$(PYTHON) tools/decisions.py
flag-audit: build/dd0c ; build/dd0c flags check $(if $(FLAGS),--file $(FLAGS))
golden: build/dd0c $(OUT)/unit-tests
	DD_GOLDEN_UPDATE=1 $(OUT)/unit-tests golden
.PHONY: score-packages conformance stress resilience compat bench-gate bench-stages bench-route

# --- the main job, and handing it out ---
DIR_SCAN := $(if $(DIR),$(DIR),examples/support-desk)
scan: build/dd0c
	@build/dd0c scan $(DIR_SCAN) || test $$? = 1

man: build/dd0c
	@build/dd0c help --man > man/dd0c.1
	@for c in $$(build/dd0c help --names | tr ' ' '-'); do build/dd0c help --man $$(echo $$c | tr '-' ' ') > man/dd0c-$$c.1; done
VERSION := $(shell sed -n 's/.define DD_VERSION "\(.*\)"/\1/p' cmd/cmd.h)
install: build/dd0c
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(OUT)/dd0c $(DESTDIR)$(PREFIX)/bin/dd0c
	ln -sf dd0c $(DESTDIR)$(PREFIX)/bin/dd0c-scan
	install -m 644 man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	build/dd0c completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/dd0c
	build/dd0c completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_dd0c
	build/dd0c completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/dd0c.fish
dist: build/dd0c
	@mkdir -p build/dist/dd0c-$(VERSION) && cp build/dd0c build/dist/dd0c-$(VERSION)/dd0c && strip build/dist/dd0c-$(VERSION)/dd0c
	@cp LICENSE README.md CHANGELOG.md THIRD_PARTY.md build/dist/dd0c-$(VERSION)/ && cp -r man build/dist/dd0c-$(VERSION)/
	tar -C build/dist --sort=name --owner=0 --group=0 -czf build/dd0c-$(VERSION).tar.gz dd0c-$(VERSION)
fresh: ; tools/fresh.sh
help:
	@echo "make            build/dd0c              make check     all tests"
	@echo "make scan DIR=  audit a tree            make asan      tests under address and UB sanitizers"
	@echo "make lint       house rules             make fuzz      FUZZ_SECONDS each target"
	@echo "make score      labelled corpus (DIR=)  make bench     speed and memory, measured"
	@echo "make stress     20,000 requests, faults   make conformance  recorded data, in ../shared"
	@echo "make budgets    kills, storms, time zones"
	@echo "make compat     official SDKs, proxied  make bench-gate  P99 added, with a trend"
	@echo "make otlp       OTLP by its definitions           make otlp-collector  and a collector (Go)"
	@echo "make bench-export  CPU that traces and metrics take of the proxy"
	@echo "make bench-views  ingest, and views over a history of EVENTS requests"
	@echo "make bench-api  the dashboard's answers over HISTORY    make privacy   planted secrets, looked for"
	@echo "make bench-stages  where a proxied request's time goes, with a trend"
	@echo "make flag-audit  no flag outlives its ttl (FLAGS=file)"
	@echo "make score-routing  learned score     make train-router   its table, from ../shared"
	@echo "make golden     rewrite golden files    make man       rewrite man pages"
	@echo "make install    PREFIX=, DESTDIR=       make dist      a tar of the stripped binary"
	@echo "make fresh      README's commands in a bare Debian root (needs debootstrap)"

-include $(OBJ:.o=.d) $(TEST_OBJ:.o=.d) $(FUZZ_SRC:%.c=$(OUT)/%.d)
clean: ; rm -rf build
