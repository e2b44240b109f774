#pragma once
// As much of JSON Schema as openapi.json uses. Stricter in one way: a field that the schema does
// not name is a fault, so that every field of every answer is described.

#include <optional>
#include <regex>
#include <string>

#include "rpc/json.hpp"

namespace aitbc::test {

class SchemaCheck {
 public:
  // The object components/schemas.
  explicit SchemaCheck(const rpc::Json& schemas) : schemas_(schemas) {}

  // What is wrong with the value, and where; nullopt if nothing is.
  std::optional<std::string> fault(const rpc::Json& value, const rpc::Json& schema,
                                   const std::string& path = "$") const {
    if (schema.contains("$ref")) return fault_of_reference(value, schema, path);
    if (schema.contains("anyOf")) {
      std::string reasons;
      for (const rpc::Json& option : schema["anyOf"]) {
        const auto found = fault(value, option, path);
        if (!found) return std::nullopt;
        reasons += " | " + *found;
      }
      return path + ": none of the choices:" + reasons;
    }
    if (schema.empty()) return std::nullopt;  // it describes anything
    const std::string type = schema.value("type", "");
    if (type == "object") return fault_of_object(value, schema, path);
    if (type == "array") return fault_of_array(value, schema, path);
    return fault_of_scalar(value, schema, type, path);
  }

  std::optional<std::string> fault_of(const rpc::Json& value, const std::string& name) const {
    rpc::Json reference;
    reference["$ref"] = prefix + name;
    return fault(value, reference);
  }

  static constexpr const char* prefix = "#/components/schemas/";

 private:
  std::optional<std::string> fault_of_reference(const rpc::Json& value, const rpc::Json& schema,
                                                const std::string& path) const {
    const std::string name = schema["$ref"].get<std::string>().substr(std::string(prefix).size());
    if (!schemas_.contains(name)) return path + ": no schema " + name;
    return fault(value, schemas_[name], path);
  }

  std::optional<std::string> fault_of_object(const rpc::Json& value, const rpc::Json& schema,
                                             const std::string& path) const {
    if (!value.is_object()) return path + ": no object";
    if (!schema.contains("properties")) return std::nullopt;
    const rpc::Json& properties = schema["properties"];
    const bool is_foreign = schema.value("additionalProperties", false);
    for (const auto& [name, item] : value.items()) {
      if (is_foreign && !properties.contains(name)) continue;
      if (!properties.contains(name)) return path + "." + name + ": not described";
      if (auto found = fault(item, properties[name], path + "." + name)) return found;
    }
    for (const rpc::Json& name : schema["required"]) {
      if (!value.contains(name.get<std::string>())) return path + ": lacks " + name.dump();
    }
    return std::nullopt;
  }

  std::optional<std::string> fault_of_array(const rpc::Json& value, const rpc::Json& schema,
                                            const std::string& path) const {
    if (!value.is_array()) return path + ": no array";
    for (std::size_t i = 0; i < value.size(); ++i) {
      auto found = fault(value[i], schema["items"], path + "[" + std::to_string(i) + "]");
      if (found) return found;
    }
    return std::nullopt;
  }

  static std::optional<std::string> fault_of_scalar(const rpc::Json& value, const rpc::Json& schema,
                                                    const std::string& type,
                                                    const std::string& path) {
    const bool fits = (type == "string" && value.is_string()) ||
                      (type == "integer" && value.is_number_integer()) ||
                      (type == "number" && value.is_number()) ||
                      (type == "boolean" && value.is_boolean()) ||
                      (type == "null" && value.is_null());
    if (!fits) return path + ": no " + (type.empty() ? "known type" : type);
    if (schema.contains("pattern") &&
        !std::regex_match(value.get<std::string>(),
                          std::regex(schema["pattern"].get<std::string>()))) {
      return path + ": does not match";
    }
    if (schema.contains("enum") &&
        std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end()) {
      return path + ": no such word";
    }
    if (schema.contains("minimum") && value.get<std::int64_t>() < schema["minimum"]) {
      return path + ": too small";
    }
    return std::nullopt;
  }

  const rpc::Json& schemas_;
};

}  // namespace aitbc::test
