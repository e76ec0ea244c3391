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
CFLAGS_ALL     := -std=gnu11 -pthread -I. -I$(OUT)/gen $(CFLAGS.$(VARIANT)) $(EXTRA_CFLAGS)
PKGS           := libpcre2-8 libcjson libcurl yaml-0.1
PKG_CFLAGS     := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBS           := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lm
ifeq ($(VARIANT),fuzz)
CC := clang
endif

# --- our sources, by layer (style: includes point down this list) ---
LAYERS   := base pricing-cache route scan report cmd
SRC      := $(filter-out %_fuzz.c,$(wildcard $(LAYERS:%=%/*.c)))
LIB_SRC  := $(filter-out cmd/%,$(SRC))
FUZZ_SRC := $(wildcard $(LAYERS:%=%/*_fuzz.c))
TEST_SRC := $(wildcard tests/unit/*.c tests/unit/*/*.c)
OBJ      := $(SRC:%.c=$(OUT)/%.o)
LIB_OBJ  := $(LIB_SRC:%.c=$(OUT)/%.o)
TEST_OBJ := $(TEST_SRC:%.c=$(OUT)/%.o)

# --- tree-sitter and its grammars: C sources from npm packages (package-lock.json pins them) ---
TS      := $(NM)/tree-sitter/vendor/tree-sitter/lib
TS_OBJ  := $(patsubst %,$(OUT)/ts/%.o,core python-parser python-scanner javascript-parser javascript-scanner \
           typescript-parser typescript-scanner tsx-parser tsx-scanner)
TS_CFLAGS = -std=gnu11 -O2 -w -I$(TS)/include -I$(TS)/src $(filter -fsanitize%,$(CFLAGS.$(VARIANT)))

.PHONY: all help check check-unit check-cli asan tsan fuzz fuzz-replay bench score lint golden man install dist fresh scan clean decisions
all: build/dd0c

build/dd0c: $(OUT)/dd0c
	@mkdir -p build && ln -sf $(patsubst build/%,%,$(OUT))/dd0c $@ 2>/dev/null || cp $< $@

$(OUT)/dd0c: $(OBJ) $(TS_OBJ) $(GEN_OBJ)
	@echo "  LINK  $@" && $(CC) -pthread $(CFLAGS.$(VARIANT)) -o $@ $(OBJ) $(TS_OBJ) $(GEN_OBJ) $(LDFLAGS) $(LIBS)

$(NM)/.package-lock.json: package-lock.json
	@echo "  the C sources of the parsers are missing or old: run ./setup.sh"; exit 1

# --- generated tables ---
-include tools/*.mk

$(OUT)/%.o: %.c | $(NM)/.package-lock.json $(GEN_HEADERS)
	@mkdir -p $(@D) && echo "  CC    $<" && $(CC) $(CFLAGS_ALL) $(WARN) $(PKG_CFLAGS) -I$(TS)/include -include base/banned.h -MMD -MP -c $< -o $@

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
$(OUT)/unit-tests: $(TEST_OBJ) $(LIB_OBJ) $(TS_OBJ) $(GEN_OBJ)
	@echo "  LINK  $@" && $(CC) -pthread $(CFLAGS.$(VARIANT)) -o $@ $^ $(LDFLAGS) $(LIBS)

check-unit: $(OUT)/unit-tests
	$(OUT)/unit-tests $(T)
check-cli: $(OUT)/dd0c
	$(PYTHON) tests/run.py --program $(OUT)/dd0c $(T)
check: $(OUT)/unit-tests $(OUT)/dd0c
	$(PYTHON) tests/run.py --program $(OUT)/dd0c --unit $(OUT)/unit-tests
asan: ; $(MAKE) VARIANT=asan check
tsan: ; $(MAKE) VARIANT=tsan check

-include $(OBJ:.o=.d) $(TEST_OBJ:.o=.d)
clean: ; rm -rf build
