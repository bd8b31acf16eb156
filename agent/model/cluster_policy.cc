#include "agent/model/cluster_policy.h"

namespace sluice::model {

std::string_view to_text(Tier tier) {
  switch (tier) {
    case Tier::kAdmin:
      return "Admin";
    case Tier::kBaseline:
      return "Baseline";
  }
  return "";
}

std::string_view to_text(Action action) {
  switch (action) {
    case Action::kAccept:
      return "Accept";
    case Action::kDeny:
      return "Deny";
    case Action::kPass:
      return "Pass";
  }
  return "";
}

}  // namespace sluice::model
