# frozen_string_literal: true

require "open3"
require "rbs"
require "rbs/test"
require_relative "helper"

# The types in `sig` are valid, and are those that values have.
class TestTypes < KopoKopoTest
  SIG = File.expand_path("../sig", __dir__)

  def test_the_signatures_are_valid
    program = Gem.bin_path("rbs", "rbs")
    output, status = Open3.capture2e(RbConfig.ruby, program, "-r", "bigdecimal", "-I", SIG, "validate", "--silent")
    assert_predicate status, :success?, output
  end

  def test_the_fields_of_every_event_have_the_types_of_their_signatures
    verifier = KopoKopo::WebhookVerifier.new(api_keys: ["a-key"])
    names = Dir[File.join(ROOT, "tests/vectors/payloads/{webhook,result}-*.json")]
    names.each { |name| check_fields(verifier.parse_unverified(File.binread(name))) }
    assert_operator @checked, :>, 1000
  end

  def test_results_and_errors_have_the_types_of_their_signatures
    push = client.incoming_payments.create(**self.push, phone_number: "254700000001")
    check_result(client.incoming_payments, :create, push)
    check_result(push, :id, push.id)
    payment = push.wait(interval: 0.05)
    check_result(push, :wait, payment)
    check_fields(payment)
    check_result(client.incoming_payments, :watch, client.incoming_payments.watch(push.id))
    check_result(client.oauth, :token_info, client.oauth.token_info)
    error = assert_raises(KopoKopo::NotFoundError) { client.incoming_payments.get("no-such-id") }
    KopoKopo::Error::MEMBERS.each { |name| check_result(error, name, error.public_send(name)) }
  end

  def test_records_of_the_sandbox_have_the_types_of_their_signatures
    client.incoming_payments.create(**push)
    sandbox.wait_for_delivery("incoming_payment")
    sandbox.fault(kind: :delay, probability: 0.5)
    check_result(sandbox, :env, sandbox.env)
    %i[requests deliveries state settings faults operations health rules pending].each do |name|
      found = sandbox.public_send(name)
      check_result(sandbox, name, found)
      [found].flatten.each { |record| check_fields(record) }
    end
    check_result(sandbox, :set_till, sandbox.set_till("K1", balance: 1))
  end

  private

  def check_fields(record)
    record.members.each do |field|
      name = [field, :"#{field}?", :"#{field.to_s.sub(/\A(is|has)_/, "")}?"].find { |found| record.respond_to?(found) }
      value = record.public_send(name)
      check_result(record, name, value)
      [value].flatten.each { |item| check_fields(item) if item.is_a?(KopoKopo::Record) }
    end
  end

  # Compares a result with the signature of a method.
  def check_result(receiver, name, result)
    type = RBS::TypeName.new(name: receiver.class.name.split("::").last.to_sym, namespace: namespace(receiver.class))
    method = builder.build_instance(type).methods[name]
    refute_nil method, "#{receiver.class}##{name} has no signature"
    allowed = method.method_types.map { |found| found.type.return_type }
    assert(allowed.any? { |found| check(receiver.class).value(result, found) }, "#{receiver.class}##{name} is #{result.class}: #{allowed.join(", ")}")
    @checked = @checked.to_i + 1
  end

  def namespace(found)
    RBS::Namespace.new(path: found.name.split("::")[..-2].map(&:to_sym), absolute: true)
  end

  def builder
    @@builder ||= begin
      loader = RBS::EnvironmentLoader.new
      loader.add(library: "bigdecimal", version: nil)
      loader.add(path: Pathname(SIG))
      RBS::DefinitionBuilder.new(env: RBS::Environment.from_loader(loader).resolve_type_names)
    end
  end

  # The checker of RBS. Version 3 has more arguments.
  def check(found)
    given = { self_class: found, instance_class: found, class_class: found.singleton_class, builder: builder, sample_size: 100, unchecked_classes: [] }
    known = RBS::Test::TypeCheck.instance_method(:initialize).parameters.map(&:last)
    RBS::Test::TypeCheck.new(**given.slice(*known))
  end
end
