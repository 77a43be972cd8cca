# frozen_string_literal: true

require "kopokopo"
require_relative "tagged"

# Describes what this package exports, with the contract's names (tests/conformance.md).
module Surface
  # What only Ruby has: short forms of `with_journal` and of the call option, and blocks.
  SHORT_FORMS = %i[journal idempotency_key block].freeze
  # The base classes, and what is written by hand for Ruby alone.
  OWN = %i[ActiveRecordJournal CustomJournal Error Log NativeObject PaymentRecord Record Testing Variant VERSION Watch Word].freeze

  module_function

  def describe
    classes = (KopoKopo.constants - OWN).map { |name| [name.to_s, KopoKopo.const_get(name)] }
    found = classes.group_by { |name, value| kind_of(name, value) }.transform_values(&:to_h)
    {
      "objects" => found["objects"].to_h { |name, value| [name == "Client" ? "KopoKopo" : name, methods_of(value)] },
      "records" => found["records"].transform_values(&:members),
      "unions" => found["unions"].transform_values do |union|
        Tagged.variants(union).to_h { |variant| [variant::KIND, variant.members] }
      end,
      "enums" => found["enums"].transform_values { |enum| enum.known.map(&:to_s) },
      "errors" => found["errors"].values.map { |error| error::KIND },
      "functions" => functions,
      "contract_hash" => KopoKopo.contract_hash,
    }
  end

  def kind_of(name, value)
    return "errors" if value < KopoKopo::Error
    return "enums" if value < KopoKopo::Word
    return "records" if value < KopoKopo::Record
    return "objects" if value < KopoKopo::NativeObject
    return "unions" if value.is_a?(Module) && Tagged.variants(value).all? { |variant| variant < KopoKopo::Variant }

    raise "#{name} is of no kind that is known"
  end

  # Functions are defined for the module. One of a record's text is a method of the record in Ruby.
  def functions
    own = KopoKopo.singleton_methods(false) - %i[logger logger= subscribe once eager_load!]
    checks = KopoKopo::PaymentRecord.instance_methods
    {
      **own.to_h { |name| [name, parameters(KopoKopo.method(name))] },
      **checks.to_h { |name| ["is_#{name.to_s.chomp("?")}", %i[payment record] + parameters(KopoKopo::PaymentRecord.instance_method(name))] },
    }
  end

  # The parameters of the methods. The constructor has the name `new`.
  def methods_of(found)
    has_constructor = found.public_methods(false).include?(:new) || found.respond_to?(:new)
    constructor = has_constructor ? { new: parameters(found.instance_method(:initialize)) } : {}
    others = found.singleton_methods(false) - %i[new of]
    methods = found.public_instance_methods(false) - %i[inspect]
    {
      **constructor,
      **others.to_h { |name| [name, parameters(found.method(name))] },
      **methods.to_h { |name| [name, parameters(found.instance_method(name))] },
    }
  end

  def parameters(method)
    names = method.parameters.map(&:last)
    # The call option itself.
    names.include?(:in_progress_wait) ? names : names - SHORT_FORMS
  end
end
