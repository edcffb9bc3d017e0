// A table for a terminal: columns as wide as their widest cell, cells made printable. The last cell of a row that is
// shorter than others widens no column: there stand sentences.
//
// Plain value; one thread.
//
//   Table table({"offset", "name"}, "rl");   // r: aligned to the right
//   table.Add({"16", "URL"});
//   std::cout << table.Text();
#ifndef GOOFFSETS_TOOLS_GOOFFSETS_TABLE_H_
#define GOOFFSETS_TOOLS_GOOFFSETS_TABLE_H_

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "common/exit_code.h"

namespace gooffsets {

// Columns as wide as their widest cell; those named in `right` are aligned to the right.
class Table {
 public:
  // An empty `head`: no line of headings.
  explicit Table(std::vector<std::string> head, std::string right) : right_(std::move(right)) {
    if (!head.empty()) Add(std::move(head));
  }
  void Add(std::vector<std::string> row) {  // of one cell at least
    for (std::string& cell : row) cell = Printable(cell);
    rows_.push_back(std::move(row));
  }
  std::string Text() const {
    size_t columns = 0;
    for (const auto& row : rows_) columns = std::max(columns, row.size());
    std::vector<size_t> widths(columns);
    for (const auto& row : rows_) {
      const size_t padded = row.size() == columns ? columns : row.size() - 1;
      for (size_t i = 0; i < padded; ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string out;
    for (const auto& row : rows_) {
      std::string line;
      for (size_t i = 0; i < row.size(); ++i) {
        const bool right = i < right_.size() && right_[i] == 'r';
        line += right ? fmt::format("  {:>{}}", row[i], widths[i]) : fmt::format("  {:<{}}", row[i], widths[i]);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      out += line + "\n";
    }
    return out;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
  std::string right_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_GOOFFSETS_TABLE_H_
