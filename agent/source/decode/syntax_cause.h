// Why a document that cannot be parsed cannot, in the words of what a person did: a template that was not
// rendered, a tab. Pure.
#pragma once

#include <string_view>

#include "agent/source/decode/documents.h"

namespace sluice::source::decode {

// Does the text hold what a template's renderer should have replaced: {{ }}, {% %}, <% %>, ${ }?
bool holds_template(std::string_view text);
inline constexpr std::string_view kNotRendered =
    "is a template that was not rendered: render it first (helm template, kustomize build, envsubst)";

// The error of `text`, which starts at `first_line`, with a cause where its line shows one.
SyntaxError with_cause(SyntaxError error, std::string_view text, uint32_t first_line);

}  // namespace sluice::source::decode
