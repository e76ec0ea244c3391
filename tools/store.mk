# The migrations: store/migrations/<database>/NNNN_name.sql -> C text, a row each, in the order of their numbers.
MIGRATIONS     := $(sort $(wildcard store/migrations/*/*.sql))
MIGRATIONS_OBJ := $(OUT)/gen/migrations.o
GEN_OBJ        += $(MIGRATIONS_OBJ)

$(OUT)/gen/migrations.c: tools/migrations.awk $(MIGRATIONS)
	@mkdir -p $(@D) && echo "  GEN   $@" && awk -f tools/migrations.awk $(MIGRATIONS) > $@.tmp && mv $@.tmp $@

$(MIGRATIONS_OBJ): $(OUT)/gen/migrations.c store/db.h
	@echo "  CC    $<" && $(CC) $(CFLAGS_ALL) $(WARN) $(PKG_CFLAGS) -include base/banned.h -c $< -o $@

# The prerequisites of these two may be read before this file is.
$(OUT)/dd0c $(OUT)/unit-tests: $(MIGRATIONS_OBJ)
