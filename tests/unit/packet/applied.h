// Applied: user-space maps with their placement, brought from image to image as the agent does it; and what
// must hold of maps whatever way they came by their contents. For tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "agent/image/placement.h"
#include "agent/packet/maps.h"

namespace sluice::packet {

struct Applied {
  Maps maps;
  image::Placement placement;
  image::Image image;

  base::Status put(const image::Image& to) {
    auto plan = placement.plan(to, image::difference(image, to));
    if (!plan) return plan.error();
    if (auto status = image::put_in_force(*plan, maps); !status) return status;
    if (auto status = image::clean_up(*plan, maps); !status) return status;
    placement.release_freed(*plan);
    image = to;
    return base::done();
  }
  // What an agent does that starts with these maps.
  base::Status restart() {
    auto read = image::Placement::read(maps.contents());
    if (!read) return read.error();
    placement = std::move(read->placement);
    image = std::move(read->image);
    return base::done();
  }
};

// How many entries each table holds: leftovers show here, slot numbers do not.
inline std::vector<size_t> table_sizes(const Maps& maps) {
  const image::Contents c = maps.contents();
  size_t endpoints = 0;
  for (const sluice_endpoint& endpoint : c.endpoints) endpoints += endpoint.pod != 0;
  return {c.interfaces.size(), endpoints,        c.addresses4.size(), c.addresses6.size(), c.prefixes4.size(),
          c.prefixes6.size(),  c.sources.size(), c.services.size(),   c.rules.size(),      c.names.size()};
}

// The maps hold `image`, all of it and nothing more: as if it had been applied to empty ones.
inline void expect_holds(const Maps& maps, const image::Image& image, const std::string& where) {
  auto read = image::Placement::read(maps.contents());
  ASSERT_TRUE(read.ok()) << where << ": " << read.error().message();
  EXPECT_EQ(image::to_text(image::difference(read->image, image)), "") << where;
  EXPECT_TRUE(read->image == image) << where;
  EXPECT_FALSE(read->placement.leftovers()) << where;
  Applied fresh;
  ASSERT_TRUE(fresh.put(image).ok()) << where;
  EXPECT_EQ(table_sizes(maps), table_sizes(fresh.maps)) << where;
}

}  // namespace sluice::packet
