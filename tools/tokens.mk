# The token tables: npm packages -> plain files -> one blob, taken into route/tokens_data.o as it is.
TOKENS_GEN := $(OUT)/gen/tokens

$(OUT)/gen/tokens_pack: tools/tokens_pack.c route/tokens_table.h base/str.h
	@mkdir -p $(@D) && echo "  CC    $<" && $(CC) -std=gnu11 -O2 -I. $(WARN) -include base/banned.h -o $@ $<

$(TOKENS_GEN)/tokens.bin: $(OUT)/gen/tokens_pack tools/tokens_extract.mjs | $(NM)/.package-lock.json
	@mkdir -p $(@D) && echo "  GEN   $@" && $(NODE) tools/tokens_extract.mjs $(NM) $(@D) && \
	$< $(@D)/cl100k_base.tiktoken $(@D)/o200k_base.tiktoken $(@D)/unicode16.classes $@

$(OUT)/route/tokens_data.o: $(TOKENS_GEN)/tokens.bin
$(OUT)/route/tokens_data.o: PKG_CFLAGS += -DDD_TOKENS_BLOB='"$(TOKENS_GEN)/tokens.bin"'
