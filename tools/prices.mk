# The bundled price table: pricing-cache/bundled/prices.json -> C data, by a tool made of the program's own reader and index.
PRICES_TOOL_SRC := tools/gen_prices.c $(addprefix pricing-cache/,provider.c rows.c table.c formats.c foreign.c) \
                   $(addprefix base/,arena.c str.c buf.c err.c near.c file.c json.c map.c time.c)
PRICES_OBJ      := $(OUT)/gen/prices_bundled.o
GEN_OBJ         += $(PRICES_OBJ)

$(OUT)/tools/gen_prices: $(PRICES_TOOL_SRC) $(wildcard pricing-cache/*.h base/*.h)
	@mkdir -p $(@D) && echo "  CC    $@" && $(CC) -std=gnu11 -O1 -I. $(PKG_CFLAGS) -include base/banned.h -o $@ $(PRICES_TOOL_SRC) $(LIBS)

$(OUT)/gen/prices_bundled.c: pricing-cache/bundled/prices.json $(OUT)/tools/gen_prices
	@mkdir -p $(@D) && echo "  GEN   $@" && $(OUT)/tools/gen_prices $< $@.tmp && mv $@.tmp $@

$(PRICES_OBJ): $(OUT)/gen/prices_bundled.c
	@echo "  CC    $<" && $(CC) $(CFLAGS_ALL) $(WARN) -c $< -o $@

# The prerequisites of these two may be read before this file is.
$(OUT)/dd0c $(OUT)/unit-tests: $(PRICES_OBJ)
