// Keys of the contract (include/sluice/layout.h) as they stand in a policy table, and back.
#pragma once

#include "agent/table/table.h"

namespace sluice::table {

Key spell(const sluice_address4& key);
Key spell(const sluice_address6& key);
Key spell(const sluice_prefix4& key);
Key spell(const sluice_prefix6& key);
Key spell(const sluice_service& key);
Key spell(const sluice_rule& key);

void read(const Key& words, sluice_address4& key);
void read(const Key& words, sluice_address6& key);
void read(const Key& words, sluice_prefix4& key);
void read(const Key& words, sluice_prefix6& key);
void read(const Key& words, sluice_service& key);
void read(const Key& words, sluice_rule& key);

}  // namespace sluice::table
