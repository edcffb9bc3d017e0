// The C interface: resolvers, and the answers of one resolution.
#include <cstdint>

#include "c_api/handles.h"

using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::Guard;
using gooffsets::OwnedText;
using gooffsets::Resolved;
using gooffsets::Result;
using gooffsets::SetError;
using gooffsets::Source;
using gooffsets::Unusable;

namespace {

// The enums have one order (a unit test compares them).
gooffsets_source SourceOf(Source source) { return static_cast<gooffsets_source>(source); }

gooffsets_status NotFound(const Resolved& resolved, gooffsets_error** error) {
  return SetError(error, resolved.absent ? GOOFFSETS_ABSENT : GOOFFSETS_UNKNOWN,
                  resolved.item.Text() + ": " + resolved.reason, resolved.hint);
}

Result<gooffsets_status> GiveField(const Resolved& resolved, gooffsets_field* field, gooffsets_error** error) {
  if (!resolved.found()) return NotFound(resolved, error);
  if (!resolved.field) {
    return Fail(ErrorCode::kUsage, resolved.item.Text() + " is a " + std::string(ToString(resolved.item.kind)) + ", no field");
  }
  gooffsets_field filled = {};
  filled.offset = resolved.field->offset;
  filled.size = resolved.field->size;
  filled.source = SourceOf(resolved.source);
  if (!gooffsets::Give(field, filled)) return Unusable("field");
  return GOOFFSETS_OK;
}

// The answer that a probe of a resolution has under a name.
struct Named {
  const Resolved* resolved = nullptr;
  gooffsets_status status = GOOFFSETS_OK;  // of a name without an answer
};
Result<Named> FindAnswer(const gooffsets_resolution* resolution, const char* probe, const char* as,
                         gooffsets_error** error) {
  if (resolution == nullptr || probe == nullptr || as == nullptr) return Unusable("resolution, probe or as");
  for (const gooffsets::ResolvedProbe& candidate : resolution->resolution.probes) {
    if (candidate.name != probe) continue;
    for (const auto* wants : {&candidate.attach, &candidate.wants}) {
      for (const gooffsets::ResolvedWant& want : *wants) {
        if (want.want.as != as) continue;
        if (want.answer) return Named{&*want.answer};
        if (want.not_found.empty()) return Named{nullptr, SetError(error, GOOFFSETS_UNKNOWN, "nothing was asked")};
        return Named{nullptr, NotFound(want.not_found.front(), error)};
      }
    }
    return Fail(ErrorCode::kUsage, std::string("probe ") + probe + " has nothing called " + as);
  }
  return Fail(ErrorCode::kUsage, std::string("the want list has no probe ") + probe);
}

Result<Named> FindFunction(const gooffsets_resolution* resolution, const char* probe, const char* as,
                           gooffsets_error** error) {
  GOOFFSETS_TRY(Named named, FindAnswer(resolution, probe, as, error));
  if (named.resolved != nullptr && !named.resolved->function) {
    return Fail(ErrorCode::kUsage, std::string(as) + " is no function");
  }
  return named;
}

}  // namespace

extern "C" {

gooffsets_status gooffsets_resolver_new(gooffsets_binary* binary, const gooffsets_database* database,
                                        const gooffsets_resolve_options* options, gooffsets_resolver** resolver,
                                        gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    if (binary == nullptr || resolver == nullptr) return Unusable("binary or resolver");
    *resolver = nullptr;
    gooffsets::ResolveOptions resolve;
    if (options != nullptr) {
      gooffsets_resolve_options given = {};
      given.min_source = GOOFFSETS_INFERRED;
      if (options->struct_size < sizeof(size_t)) return Unusable("options");
      std::memcpy(&given, options, std::min(options->struct_size, sizeof given));
      if (given.min_source < GOOFFSETS_SELF || given.min_source > GOOFFSETS_BRACKETED) {
        return Fail(ErrorCode::kUsage, "min_source is none of the sources");
      }
      resolve.policy.min_source = static_cast<Source>(given.min_source);
      resolve.policy.allow_bracketed = given.allow_bracketed != 0;
      resolve.probe_points = given.no_probe_points == 0;
      if (given.debug_file != nullptr) resolve.debug_file = given.debug_file;
    }
    const gooffsets::Database* db = database == nullptr ? nullptr : &database->database;
    GOOFFSETS_TRY(gooffsets::Resolver made, gooffsets::Resolver::Make(&binary->binary, db, std::move(resolve)));
    *resolver = new gooffsets_resolver{std::move(made)};
    return GOOFFSETS_OK;
  });
}

void gooffsets_resolver_free(gooffsets_resolver* resolver) { delete resolver; }

gooffsets_status gooffsets_resolver_field(gooffsets_resolver* resolver, const char* symbol, gooffsets_field* field,
                                          gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    if (resolver == nullptr || symbol == nullptr) return Unusable("resolver or symbol");
    GOOFFSETS_TRY(gooffsets::Item item, gooffsets::ParseItem(symbol));
    GOOFFSETS_TRY(std::vector<Resolved> resolved, resolver->resolver.ResolveItems({item}));
    return GiveField(resolved.at(0), field, error);
  });
}

gooffsets_status gooffsets_resolver_explain_json(gooffsets_resolver* resolver, const char* item, char** json,
                                                 gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    if (resolver == nullptr || item == nullptr || json == nullptr) return Unusable("resolver, item or json");
    GOOFFSETS_TRY(gooffsets::Item parsed, gooffsets::ParseItem(item));
    GOOFFSETS_TRY(gooffsets::Explanation explanation, resolver->resolver.Explain(parsed));
    *json = OwnedText(gooffsets::ExplanationJson(explanation));
    return GOOFFSETS_OK;
  });
}

gooffsets_status gooffsets_resolver_resolve(gooffsets_resolver* resolver, const char* wants, const char* name,
                                            gooffsets_resolution** resolution, gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    if (resolver == nullptr || wants == nullptr || resolution == nullptr) return Unusable("resolver, wants or resolution");
    *resolution = nullptr;
    GOOFFSETS_TRY(gooffsets::WantList list, gooffsets::ParseWantList(wants, name == nullptr ? "the want list" : name));
    GOOFFSETS_TRY(gooffsets::Resolution made, resolver->resolver.Resolve(list));
    *resolution = new gooffsets_resolution{std::move(made), {}, {}};
    return GOOFFSETS_OK;
  });
}

void gooffsets_resolution_free(gooffsets_resolution* resolution) { delete resolution; }

gooffsets_status gooffsets_resolution_json(const gooffsets_resolution* resolution, char** json, gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    if (resolution == nullptr || json == nullptr) return Unusable("resolution or json");
    *json = OwnedText(gooffsets::ResolutionJson(resolution->resolution));
    return GOOFFSETS_OK;
  });
}

int gooffsets_resolution_usable(const gooffsets_resolution* resolution, const char* probe) {
  if (resolution == nullptr || probe == nullptr) return -1;
  for (const gooffsets::ResolvedProbe& candidate : resolution->resolution.probes) {
    if (candidate.name == probe) return candidate.usable ? 1 : 0;
  }
  return -1;
}

gooffsets_status gooffsets_resolution_field(const gooffsets_resolution* resolution, const char* probe, const char* as,
                                            gooffsets_field* field, gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    GOOFFSETS_TRY(Named named, FindAnswer(resolution, probe, as, error));
    if (named.resolved == nullptr) return named.status;
    return GiveField(*named.resolved, field, error);
  });
}

gooffsets_status gooffsets_resolution_function(const gooffsets_resolution* resolution, const char* probe, const char* as,
                                               size_t index, gooffsets_function* function, gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    GOOFFSETS_TRY(Named named, FindFunction(resolution, probe, as, error));
    if (named.resolved == nullptr) return named.status;
    const gooffsets::FunctionAnswerView& answer = *named.resolved->function;
    if (index >= answer.bodies.size()) {
      return SetError(error, GOOFFSETS_ABSENT, std::string(as) + (index == 0 ? " has no body in this program" : " has no more bodies"));
    }
    const gooffsets::FunctionBody& body = answer.bodies[index];
    gooffsets_resolution::Returns& returns = resolution->returns[&body];
    if (returns.addresses.size() != body.returns.size()) {
      for (const gooffsets::FunctionBody::Return& at : body.returns) {
        returns.addresses.push_back(at.address);
        returns.file_offsets.push_back(at.file_offset.value_or(UINT64_MAX));
      }
    }
    gooffsets_function filled = {};
    filled.address = body.address;
    filled.end = body.end;
    filled.file_offset = body.file_offset.value_or(UINT64_MAX);
    filled.entry_address = body.entry_address;
    filled.entry_file_offset = body.entry_file_offset.value_or(UINT64_MAX);
    filled.entry_sp_delta = body.entry_sp_delta;
    filled.entry_emulated = body.entry_emulated ? 1 : 0;
    filled.return_addresses = returns.addresses.data();
    filled.return_file_offsets = returns.file_offsets.data();
    filled.returns = returns.addresses.size();
    if (!gooffsets::Give(function, filled)) return Unusable("function");
    return GOOFFSETS_OK;
  });
}

gooffsets_status gooffsets_resolution_parameter(const gooffsets_resolution* resolution, const char* probe, const char* as,
                                                int is_result, size_t index, gooffsets_parameter* parameter,
                                                gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    GOOFFSETS_TRY(Named named, FindFunction(resolution, probe, as, error));
    if (named.resolved == nullptr) return named.status;
    const gooffsets::FunctionAnswerView& answer = *named.resolved->function;
    if (!answer.layout) return SetError(error, GOOFFSETS_UNKNOWN, std::string(as) + ": " + answer.layout_reason);
    const std::vector<gooffsets::Parameter>& list = is_result != 0 ? answer.layout->results : answer.layout->params;
    if (index >= list.size()) return SetError(error, GOOFFSETS_ABSENT, std::string(as) + " has no more of them");
    const gooffsets::Parameter& p = list[index];
    std::vector<gooffsets_piece>& pieces = resolution->pieces[&p];
    if (pieces.size() != p.pieces.size()) {
      for (const gooffsets::Piece& piece : p.pieces) {
        pieces.push_back({static_cast<gooffsets_base>(piece.base), piece.index, piece.size, piece.at});
      }
    }
    gooffsets_parameter filled = {};
    filled.name = p.name.c_str();
    filled.type = p.type.c_str();
    filled.size = p.size;
    filled.pieces = pieces.data();
    filled.piece_count = pieces.size();
    filled.source = SourceOf(answer.layout_source);
    if (!gooffsets::Give(parameter, filled)) return Unusable("parameter");
    return GOOFFSETS_OK;
  });
}

gooffsets_status gooffsets_resolution_itab(const gooffsets_resolution* resolution, const char* probe, const char* as,
                                           gooffsets_itab* itab, gooffsets_error** error) {
  return Guard(error, [&]() -> Result<gooffsets_status> {
    GOOFFSETS_TRY(Named named, FindAnswer(resolution, probe, as, error));
    if (named.resolved == nullptr) return named.status;
    if (!named.resolved->itab) return Fail(ErrorCode::kUsage, std::string(as) + " is no itab");
    gooffsets_itab filled = {};
    filled.address = named.resolved->itab->address;
    filled.type_address = named.resolved->itab->type_address;
    if (!gooffsets::Give(itab, filled)) return Unusable("itab");
    return GOOFFSETS_OK;
  });
}

}  // extern "C"
