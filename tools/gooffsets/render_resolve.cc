#include "render_resolve.h"

#include <fmt/format.h>

#include "common/exit_code.h"
#include "render_layout.h"
#include "table.h"

namespace gooffsets {

namespace {

std::string Where(uint64_t address, const std::optional<uint64_t>& file_offset) {
  return file_offset ? fmt::format("{:#x} (in the file {:#x})", address, *file_offset) : fmt::format("{:#x}", address);
}

// What is known of an item, in a few words for a cell of a table.
std::string Short(const Resolved& resolved) {
  if (resolved.field) {
    return fmt::format("offset {}, size {}, {}", resolved.field->offset, resolved.field->size, resolved.field->type);
  }
  if (resolved.structure) {
    return fmt::format("size {}, {} fields", resolved.structure->size, resolved.structure->fields.size());
  }
  if (resolved.itab) return fmt::format("itab {:#x}, type {:#x}", resolved.itab->address, resolved.itab->type_address);
  if (!resolved.function) return "";
  const FunctionAnswerView& function = *resolved.function;
  if (function.bodies.empty()) {
    return function.inlined_sites ? fmt::format("no body, inlined at {} sites", *function.inlined_sites) : "no body";
  }
  const FunctionBody& body = function.bodies.front();
  std::string text = fmt::format("entry {:#x}, {} return{}", body.entry_address, body.returns.size(), body.returns.size() == 1 ? "" : "s");
  if (function.bodies.size() > 1) text += fmt::format(", {} bodies", function.bodies.size());
  if (!function.layout) text += ", arguments not known";
  return text;
}

std::string SourceOf(const Resolved& resolved) {
  return resolved.how.empty() ? std::string(ToString(resolved.source)) : fmt::format("{}: {}", ToString(resolved.source), resolved.how);
}

// Everything about one item, over many lines.
std::string Whole(const Resolved& resolved, GoArch goarch) {
  if (resolved.field || resolved.itab) return Short(resolved) + "\n";
  if (resolved.structure) return RenderStruct(*resolved.structure);
  if (!resolved.function) return "";
  const FunctionAnswerView& function = *resolved.function;
  std::string out;
  if (function.bodies.empty()) out += Short(resolved) + "\n";
  for (const FunctionBody& body : function.bodies) {
    out += fmt::format("function at {}, {} bytes\n", Where(body.address, body.file_offset), body.end - body.address);
    out += fmt::format("  probe for arguments  {}{}{}\n", Where(body.entry_address, body.entry_file_offset),
                       body.entry_emulated ? ", emulated by the kernel" : ", single-stepped",
                       body.entry_sp_delta == 0 ? "" : fmt::format(", SP {} bytes lower than at entry", body.entry_sp_delta));
    for (const FunctionBody::Return& at : body.returns) {
      out += fmt::format("  return               {}\n", Where(at.address, at.file_offset));
    }
    for (const std::string& note : body.notes) out += "  " + Printable(note) + "\n";
  }
  if (function.layout) {
    out += RenderFunction(*function.layout, goarch);
    out += fmt::format("(arguments: {})\n", ToString(function.layout_source));
  } else {
    out += "arguments not known: " + Printable(function.layout_reason) + "\n";
  }
  return out;
}

std::string Missing(const Resolved& resolved) {
  return fmt::format("{}: {}", resolved.absent ? "absent" : "unknown", resolved.reason);
}

// "did you mean ...?" is a sentence of its own; other hints are what to run or to say.
std::string Advice(const std::string& hint) { return hint.starts_with("did you mean ") ? hint : "try: " + hint; }

}  // namespace

std::string RenderResolution(const Resolution& resolution) {
  std::string out;
  size_t found = 0, asked = 0, conflicts = 0;
  for (const ResolvedProbe& probe : resolution.probes) {
    out += fmt::format("{}: {}\n", Printable(probe.name), probe.usable ? "usable" : "disabled");
    Table table({}, "ll");
    for (const auto* wants : {&probe.attach, &probe.wants}) {
      for (const ResolvedWant& want : *wants) {
        ++asked;
        if (want.answer) {
          ++found;
          table.Add({"  " + want.want.as, Short(*want.answer), SourceOf(*want.answer)});
          for (const Conflict& conflict : want.answer->conflicts) {
            ++conflicts;
            table.Add({"", fmt::format("sources disagree on {}: {} (kept), {}", conflict.what, conflict.kept, conflict.refused)});
          }
          continue;
        }
        for (const Resolved& tried : want.not_found) {
          table.Add({"  " + (want.want.any.size() > 1 ? tried.item.Text() : want.want.as),
                     Missing(tried) + (want.want.needed ? " (needed)" : "")});
          if (!tried.hint.empty()) table.Add({"", Advice(tried.hint)});
        }
      }
    }
    out += table.Text();
  }
  for (const std::string& note : resolution.notes) out += Printable(note) + "\n";
  out += fmt::format("{} of {} found", found, asked);
  if (conflicts > 0) out += fmt::format(", {} disagreement{}", conflicts, conflicts == 1 ? "" : "s");
  return out + "\n";
}

std::string RenderExplanation(const Explanation& explanation) {
  const Resolved& answer = explanation.answer;
  std::string out;
  if (answer.found()) {
    out += Whole(answer, explanation.binary.goarch);
    out += fmt::format("{}  ({})\n", Printable(answer.item.Text()), Printable(SourceOf(answer)));
  } else {
    out += Printable(Missing(answer)) + "\n" + Printable(answer.item.Text()) + "\n";
    if (!answer.hint.empty()) out += Printable(Advice(answer.hint)) + "\n";
  }
  for (const Conflict& conflict : answer.conflicts) {
    out += Printable(fmt::format("sources disagree on {}: {} (kept), {}", conflict.what, conflict.kept, conflict.refused)) + "\n";
  }
  Table table({"source", "by", "says"}, "lll");
  for (const Explanation::Word& word : explanation.words) table.Add({std::string(ToString(word.source)), word.how, word.says});
  return out + table.Text();
}

}  // namespace gooffsets
