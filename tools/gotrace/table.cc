#include "gotrace/table.h"

#include <algorithm>
#include <optional>

#include "gotrace/probe_map.h"
#include "gotrace_wants.h"

namespace gooffsets::trace {

namespace {

// A larger offset than any struct has that is worth probing, and far from where stack places begin.
constexpr uint64_t kMostOffset = GT_STACK - 1;

// A slot of a group in gt_table.value.
constexpr int At(int base, int position) { return base + position; }

void SetValue(gt_table* table, std::string_view probe, std::string_view name, int value) {
  for (const Slot& slot : SlotsOf(probe)) {
    if (slot.name == name) table->value[slot.index] = value;
  }
}

// What the table says of a word's place; nullopt: nowhere a program can read it.
std::optional<int> PlaceOfWord(const std::vector<Parameter>& parameters, const ArgumentWord& word, int sp_delta) {
  if (word.parameter < 0 || static_cast<size_t>(word.parameter) >= parameters.size()) return std::nullopt;
  for (const Piece& piece : parameters[static_cast<size_t>(word.parameter)].pieces) {
    const bool on_stack = piece.base == Piece::Base::kStack;
    // Stack pieces may be longer than a word: the value lies there as in memory.
    if (on_stack ? word.at < piece.at || word.at >= piece.at + piece.size : piece.at != word.at) continue;
    if (piece.base == Piece::Base::kIntRegister && piece.index >= 0 && piece.index < 16) return piece.index;
    if (on_stack) {
      const int64_t distance = int64_t{piece.index} + (word.at - piece.at) + sp_delta;
      if (distance >= 0 && distance <= static_cast<int64_t>(kMostOffset)) return GT_STACK + static_cast<int>(distance);
    }
  }
  return std::nullopt;
}

void AddPlaces(const ResolvedProbe& probe, const std::string& name, const Resolved& answer, Plan* plan) {
  for (const Attachment& attachment : Attachments()) {
    if (attachment.probe != probe.name || attachment.function != name) continue;
    for (const FunctionBody& body : answer.function->bodies) {
      const Place place{.probe = probe.name,
                        .program = std::string(attachment.program),
                        .function = answer.item.symbol,
                        .function_offset = body.file_offset.value_or(body.entry_file_offset.value_or(0))};
      if (attachment.at == Where::kEntry && body.entry_file_offset) {
        plan->places.push_back(place);
        plan->places.back().file_offset = *body.entry_file_offset;
        plan->places.back().emulated = body.entry_emulated;
      }
      if (attachment.at == Where::kReturns) {
        for (const FunctionBody::Return& at : body.returns) {
          if (!at.file_offset) continue;
          plan->places.push_back(place);
          plan->places.back().file_offset = *at.file_offset;
          plan->places.back().at_return = true;
        }
      }
    }
  }
  if (!answer.function->layout || answer.function->bodies.empty()) return;
  SetValue(&plan->table, probe.name, "sp_delta", answer.function->bodies.front().entry_sp_delta);
  for (const ArgumentWord& word : ArgumentWords()) {
    if (word.probe != probe.name || word.function != name) continue;
    // Of several bodies the first speaks for all: their argument places are equal, and so are their stack checks.
    const int delta = word.result ? 0 : answer.function->bodies.front().entry_sp_delta;
    const auto& parameters = word.result ? answer.function->layout->results : answer.function->layout->params;
    // The table counts from SP at the probe, which has moved down by what entry_sp_delta says.
    if (const std::optional<int> place = PlaceOfWord(parameters, word, delta)) {
      SetValue(&plan->table, probe.name, word.slot, *place);
    }
  }
}

bool Absent(const ResolvedWant& want) {
  return !want.answer && !want.not_found.empty() &&
         std::all_of(want.not_found.begin(), want.not_found.end(), [](const Resolved& tried) { return tried.absent; });
}

// Whether a database may tell what is missing. Which itabs the linker made, only the program tells.
bool MayBeTold(const ResolvedWant& want) {
  return !want.answer && !Absent(want) && !want.not_found.empty() &&
         want.not_found.front().item.kind != ItemKind::kItab;
}

// The words without which a program can do nothing.
bool HasNeededWords(const ResolvedProbe& probe, const Plan& plan, std::string* missing) {
  for (const ArgumentWord& word : ArgumentWords()) {
    if (word.probe != probe.name || !word.slot.starts_with("arg.")) continue;
    for (const Slot& slot : SlotsOf(probe.name)) {
      if (slot.name == word.slot && plan.table.value[slot.index] == GT_NONE) {
        *missing = std::string(word.function) + ": where its argument " + std::string(word.slot.substr(4)) +
                   " lies is not known";
        return false;
      }
    }
  }
  return true;
}

void TakeAnswer(const ResolvedProbe& probe, const ResolvedWant& want, Plan* plan) {
  const Resolved& answer = *want.answer;
  const std::string& name = want.want.as;
  if (answer.field && answer.field->offset <= kMostOffset) {
    SetValue(&plan->table, probe.name, name, static_cast<int>(answer.field->offset));
  }
  // A struct that lies in the other, not behind a pointer in it: its fields' offsets grow by its own.
  if (name == "serverStream.inner" && answer.field && answer.field->kind == TypeKind::kStruct) {
    plan->embedded_stream = static_cast<int>(answer.field->offset);
    SetValue(&plan->table, probe.name, name, GT_NONE);
  }
  // Which of the alternatives a gRPC release has says what its errors are.
  if (name == "error.status" && answer.field) {
    const std::string& field = answer.item.symbol;
    const int kind = field.ends_with(".s")   ? GT_ERROR_HAS_STATUS
                     : field.ends_with(".e") ? GT_ERROR_HAS_MESSAGE
                                             : GT_ERROR_IS_MESSAGE;
    SetValue(&plan->table, probe.name, "error.kind", kind);
  }
  if (answer.itab) {
    for (const Slot& slot : TypeSlots()) {
      if (slot.name == name) plan->table.type[slot.index] = answer.itab->type_address;
    }
  }
  if (answer.function) AddPlaces(probe, name, answer, plan);
}

const ProbeState* Find(const Plan& plan, std::string_view name) {
  const auto found =
      std::find_if(plan.probes.begin(), plan.probes.end(), [&](const ProbeState& p) { return p.name == name; });
  return found == plan.probes.end() ? nullptr : &*found;
}

bool Usable(const Plan& plan, std::string_view name) {
  const ProbeState* probe = Find(plan, name);
  return probe && probe->usable;
}

// What no single answer says: how maps lie in memory, and where a copied request has its fields.
void Derive(const BinaryInfo& info, Plan* plan) {
  int* value = plan->table.value;
  const auto& experiments = info.experiments;
  if (Usable(*plan, "swiss_map")) {
    const bool split = std::find(experiments.begin(), experiments.end(), "mapsplitgroup") != experiments.end();
    value[At(GT_BASE_COMMON, GT_MAP_KIND)] = split ? GT_MAP_SPLIT : GT_MAP_INTERLEAVED;
  } else if (Usable(*plan, "bucket_map")) {
    value[At(GT_BASE_COMMON, GT_MAP_KIND)] = GT_MAP_BUCKETS;
  }
  // The mux sees net/http's Request, whichever server made it.
  for (const int base : {GT_BASE_H2, GT_BASE_X2, GT_BASE_H1}) {
    value[At(base, GT_SRV_MUX_URI)] = value[At(GT_BASE_H1, GT_SRV_URI)];
    value[At(base, GT_SRV_MUX_PATTERN)] = value[At(GT_BASE_H1, GT_SRV_PATTERN)];
  }
  // Without a pattern to read there is nothing to learn from the mux.
  if (value[At(GT_BASE_H1, GT_SRV_PATTERN)] == GT_NONE) {
    std::erase_if(plan->places,
                  [](const Place& place) { return place.program == "http_mux" || place.program == "http_handler"; });
  }
  for (const int slot : {At(GT_BASE_GRPC, GT_RPC_STREAM_METHOD), At(GT_BASE_GRPC, GT_RPC_STREAM_CTX)}) {
    if (value[slot] != GT_NONE) value[slot] += plan->embedded_stream;
  }
  // A gRPC server behind net/http looks for its request's span as clients do for their server's.
  for (const char* client : {"client", "x2_client", "grpc_client", "grpc_handler"}) {
    if (Usable(*plan, client)) plan->table.libraries |= GT_HAS_CLIENTS;
  }
}

bool IsBracketed(const Resolved& answer) {
  return answer.source == Source::kBracketed ||
         (answer.function && answer.function->layout_source == Source::kBracketed);
}

}  // namespace

Result<WantList> TracerWants() {
  WantList all;
  for (const auto& [name, text] : kGotraceWants) {
    GOOFFSETS_TRY(WantList list, ParseWantList(text, std::string("wants/").append(name)));
    std::move(list.probes.begin(), list.probes.end(), std::back_inserter(all.probes));
  }
  return all;
}

std::string TracerWantsText() {
  std::string all;
  for (const auto& [name, text] : kGotraceWants) all.append(text).append("\n");
  return all;
}

Plan MakePlan(const Resolution& resolution) {
  Plan plan;
  plan.notes = resolution.notes;
  for (const ResolvedProbe& probe : resolution.probes) {
    ProbeState state;
    state.name = probe.name;
    state.usable = probe.usable;
    state.has_attachments = !probe.attach.empty();
    state.disabled_by = probe.disabled_by;
    state.not_here = state.has_attachments && std::all_of(probe.attach.begin(), probe.attach.end(), Absent);
    // A function that is not in the program disables the probe for good: nothing else of it is worth knowing.
    const bool for_good = std::any_of(probe.attach.begin(), probe.attach.end(), Absent);
    for (const auto* wants : {&probe.attach, &probe.wants}) {
      for (const ResolvedWant& want : *wants) {
        if (!for_good && MayBeTold(want)) plan.lacking = true;
        if (want.answer) {
          state.found.push_back(want.want.as);
          if (IsBracketed(*want.answer)) state.bracketed.push_back({want.want.as, want.answer->how});
          if (probe.usable) TakeAnswer(probe, want, &plan);
        } else if (probe.usable) {
          state.missing.push_back(
              {want.want.as, want.not_found.empty() ? "" : want.not_found.front().reason, MayBeTold(want)});
        }
      }
    }
    std::string missing;
    if (state.usable && state.has_attachments && !HasNeededWords(probe, plan, &missing)) {
      state.usable = false;
      state.disabled_by.push_back(missing);
      plan.lacking = true;
      std::erase_if(plan.places, [&](const Place& place) { return place.probe == probe.name; });
    }
    plan.probes.push_back(std::move(state));
  }
  Derive(resolution.binary, &plan);
  return plan;
}

void KeepKnown(const Plan& known, Plan* fresh) {
  for (int i = 0; i < GT_VALUE_COUNT; ++i) {
    if (fresh->table.value[i] == GT_NONE) fresh->table.value[i] = known.table.value[i];
  }
  for (int i = 0; i < GT_TYPE_COUNT; ++i) {
    if (!fresh->table.type[i]) fresh->table.type[i] = known.table.type[i];
  }
  fresh->table.libraries |= known.table.libraries;
}

}  // namespace gooffsets::trace
