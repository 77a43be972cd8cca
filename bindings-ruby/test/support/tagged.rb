# frozen_string_literal: true

require "base64"
require "bigdecimal"
require "kopokopo"
require "time"

# Values of this package as tagged values (tests/conformance.md), and back. Nothing here depends on a record's name.
module Tagged
  module_function

  # A result as a tagged value. `field` is the name of the field that has it.
  def to_tagged(value, field = nil)
    case value
    when KopoKopo::Word then { "$word" => value.to_s, "of" => name_of(value.class) }
    when String then field == :raw ? { "$raw" => value } : value
    when BigDecimal then { "$amount" => value.to_s("F").delete_suffix(".0") }
    when Time then { "$timestamp" => value.xmlschema(9) }
    when Hash then { "$metadata" => value }
    when Array then value.map { |item| to_tagged(item) }
    when KopoKopo::Variant
      { "$union" => value.class.name.split("::")[-2], "kind" => value.kind.to_s, **fields_of(value) }
    when KopoKopo::Record then { "$record" => name_of(value.class), **fields_of(value) }
    when KopoKopo::NativeObject
      { "$handle" => name_of(value.class), "id" => value.id, "location" => value.location }
    when nil, true, false, Integer then value
    else raise "#{field} is a #{value.class}"
    end
  end

  def fields_of(record)
    record.members.to_h { |name| [name.to_s, to_tagged(record.deconstruct_keys([name])[name], name)] }
  end

  def error_to_tagged(error)
    fields = error.to_h
    seconds = fields.delete(:retry_after)
    {
      **fields.to_h { |name, value| [name.to_s, to_tagged(value)] },
      "retry_after_ms" => seconds && (seconds * 1000).round,
      "class" => name_of(error.class),
      "retried" => [Timeout::Error, IOError, SystemCallError].any? { |built_in| error.is_a?(built_in) },
    }
  end

  # An argument. Amounts are texts, because `BigDecimal` cannot have every text that a test passes.
  def from_tagged(value)
    return value.map { |item| from_tagged(item) } if value.is_a?(Array)
    return value unless value.is_a?(Hash)

    tag = value.keys.first
    fields = value.reject { |name, _| name.start_with?("$") }.to_h { |name, item| [name.to_sym, from_tagged(item)] }
    case tag
    when "$amount", "$raw", "$metadata" then value[tag]
    when "$timestamp" then Time.xmlschema(value[tag])
    when "$bytes" then Base64.strict_decode64(value[tag])
    when "$word" then KopoKopo.const_get(value["of"]).new(value[tag])
    when "$record" then make(KopoKopo.const_get(value[tag]), fields)
    when "$union" then make(variant(value[tag], fields.delete(:kind)), fields)
    else fields
    end
  end

  def variant(union, kind)
    variants(KopoKopo.const_get(union)).find { |found| found::KIND.to_s == kind }
  end

  # The variants of a union: the classes in it.
  def variants(union)
    union.constants.map { |name| union.const_get(name) }
  end

  def make(found, fields)
    found.new(**completed(found.instance_method(:initialize).parameters, fields))
  end

  # Keyword arguments. A required one that is absent is nil.
  def completed(parameters, fields)
    required = parameters.select { |kind, _| kind == :keyreq }.map(&:last)
    { **required.to_h { |name| [name, nil] }, **fields }
  end

  # Calls a method with arguments by name, whatever kind of arguments it takes.
  def call_by_name(receiver, name, fields)
    parameters = receiver.method(name).parameters
    fields = completed(parameters, fields)
    plain = parameters.select { |kind, _| kind == :req }.map { |_, parameter| fields.delete(parameter) }
    receiver.public_send(name, *plain, **fields)
  end

  def name_of(found)
    found.name.split("::").last
  end
end
