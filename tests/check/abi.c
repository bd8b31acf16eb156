// Read by abi.sh, never linked: after the preprocessor it has the version, every map and every enum of the
// contract; and the compiler lays out its structs.
#include "sluice/event.h"
#include "sluice/layout.h"
#include "sluice/maps.h"
#include "sluice/reasons.h"
#include "sluice/timeouts.h"

#define ABI_MAP(NAME, name, type, key, value, entries, flags) ABI map name type[key, value] entries flags;
#define ABI_TABLE(NAME, name, key, words, entries) ABI table name[key] words entries;
#ifdef ABI_LINES
ABI version SLUICE_LAYOUT_VERSION;
SLUICE_MAPS(ABI_MAP)
SLUICE_TABLES(ABI_TABLE)
#endif
