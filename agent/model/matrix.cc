#include "agent/model/matrix.h"

#include <algorithm>
#include <cstdio>

namespace sluice::model {
namespace {

constexpr size_t kLongestLabel = 32;  // columns of a name in the table

// Everything that a cell looks like, once. Blue and vermilion stay apart for every kind of colour blindness
// (Okabe and Ito, "Color Universal Design").
struct Look {
  Cell cell;
  std::string_view name, glyph, ansi, meaning;
};
constexpr Look kLooks[] = {
    {Cell::kAllow, "allow", "#", "\x1b[1;34m", "passes"},
    {Cell::kDeny, "deny", ".", "\x1b[33m", "is stopped"},
    {Cell::kSelf, "self", "-", "\x1b[2m", "itself"},
    {Cell::kNoPath, "none", "?", "\x1b[2m", "no address family in common"},
};

const Look& look_of(Cell cell) {
  return kLooks[static_cast<size_t>(cell)];
}

// At most kLongestLabel columns; the cut is in the middle, where names of one family differ least.
std::string shortened(const std::string& name) {
  if (name.size() <= kLongestLabel) return name;
  const size_t head = (kLongestLabel - 2) / 2, tail = kLongestLabel - 2 - head;
  return name.substr(0, head) + ".." + name.substr(name.size() - tail);
}

std::string padded_left(const std::string& text, size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

// The column numbers, written downwards: one line a digit.
std::string column_numbers(size_t columns, size_t digits, size_t indent) {
  std::string out;
  for (size_t line = 0; line < digits; ++line) {
    std::string row(indent, ' ');
    for (size_t column = 1; column <= columns; ++column)
      row += std::string(" ") + padded_left(std::to_string(column), digits)[line];
    out += row + "\n";
  }
  return out;
}

std::string escaped_json(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof(buffer), "\\u%04x", static_cast<unsigned>(c));
      out += buffer;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace

std::string_view to_text(Cell cell) {
  return look_of(cell).name;
}

Matrix Matrix::closed(net::Protocol protocol, net::Port port, std::vector<ObjectName> pods) {
  const size_t n = pods.size();
  Matrix matrix{protocol, port, {}, std::move(pods), {}};
  matrix.cells.assign(n, std::vector<Cell>(n, Cell::kDeny));
  for (size_t i = 0; i < n; ++i) matrix.cells[i][i] = Cell::kSelf;
  return matrix;
}

std::string Matrix::title() const {
  if (!protocol.has_ports()) return protocol.to_text();
  return protocol.to_text() + " " + (port_name.empty() ? std::to_string(port.host()) : port_name);
}

std::string to_table(const Matrix& matrix, bool colour) {
  const size_t n = matrix.pods.size(), digits = std::to_string(n).size();
  std::vector<std::string> labels;
  std::string key;
  size_t width = 0;
  for (size_t i = 0; i < n; ++i) {
    const std::string name = matrix.pods[i].to_text();
    labels.push_back(shortened(name));
    width = std::max(width, labels.back().size());
    if (labels.back() != name) key += "  " + padded_left(std::to_string(i + 1), digits) + " = " + name + "\n";
  }
  std::string out =
      matrix.title() + ", from the row to the column\n" + column_numbers(n, digits, digits + 1 + width);
  for (size_t from = 0; from < n; ++from) {
    out += padded_left(std::to_string(from + 1), digits) + " " + labels[from];
    out += std::string(width - labels[from].size(), ' ');
    for (const Cell cell : matrix.cells[from]) {
      const Look& look = look_of(cell);
      out += " ";
      out += colour ? std::string(look.ansi) + std::string(look.glyph) + "\x1b[0m" : std::string(look.glyph);
    }
    out += "\n";
  }
  out += key;
  for (const Look& look : kLooks)
    out +=
        (look.cell == Cell::kAllow ? "" : "   ") + std::string(look.glyph) + " " + std::string(look.meaning);
  return out + (matrix.port_name.empty() ? "\n" : " or no such port\n");
}

namespace {

std::string object_text(const Matrix& matrix) {
  const std::string port =
      matrix.port_name.empty() ? std::to_string(matrix.port.host()) : escaped_json(matrix.port_name);
  std::string out =
      "{\"protocol\":" + escaped_json(matrix.protocol.to_text()) + ",\"port\":" + port + ",\n \"pods\":[";
  for (size_t i = 0; i < matrix.pods.size(); ++i)
    out += (i == 0 ? "" : ",") + escaped_json(matrix.pods[i].to_text());
  out += "],\n \"cells\":[";
  for (size_t from = 0; from < matrix.cells.size(); ++from) {
    out += from == 0 ? "\n  [" : ",\n  [";
    for (size_t to = 0; to < matrix.cells[from].size(); ++to)
      out += (to == 0 ? "" : ",") + escaped_json(to_text(matrix.cells[from][to]));
    out += "]";
  }
  return out + "]}";
}

}  // namespace

std::string to_json(const std::vector<Matrix>& matrices) {
  if (matrices.size() == 1) return object_text(matrices.front()) + "\n";
  std::string out;
  for (const Matrix& matrix : matrices) out += (out.empty() ? "" : ",\n") + object_text(matrix);
  return "[" + out + "]\n";
}

}  // namespace sluice::model
