# frozen_string_literal: true

require "json"
require "open3"
require "yaml"
require_relative "helper"
require_relative "support/texts"

# Records are values, and their text forms keep secrets.
class TestRecords < KopoKopoTest
  PHONE = "+254999999999"

  def test_a_record_matches_patterns
    case event
    in { payload: KopoKopo::EventPayload::IncomingPayment(incoming_payment: { status: "Success", id: String => id }) }
      refute_empty id
    end
  end

  def test_amounts_and_times_have_ruby_s_types
    transaction = event.transaction
    assert_instance_of BigDecimal, transaction.amount
    assert_instance_of Time, transaction.origination_time
    assert_equal 3 * 3600, transaction.origination_time.utc_offset
  end

  def test_equal_records_are_equal_keys
    assert_equal event, event
    assert_equal 1, [event, event].uniq.size
    refute_equal event, event.with(id: "another")
    assert_raises(FrozenError) { event.instance_variable_set(:@values, []) }
  end

  def test_words_equal_their_text
    status = event.payload.incoming_payment.status
    assert status.success? && !status.failed? && status.known?
    assert_equal "Success", status
    assert_equal status, "Success"
    assert_equal 1, { "Success" => 1 }[status]
    assert_same KopoKopo::IncomingPaymentStatus::SUCCESS, status
    unknown = KopoKopo::IncomingPaymentStatus.new("New")
    refute_predicate unknown, :known?
    assert_equal "New", Marshal.load(Marshal.dump(unknown))
  end

  def test_a_record_is_made_by_name
    links = KopoKopo::Links.new(callback_url: "https://shop.example")
    assert_equal({ self_url: nil, resource_url: nil, callback_url: "https://shop.example" }, links.to_h)
    assert_raises(ArgumentError) { KopoKopo::Links.new(callback: "x") }
  end

  def test_text_forms_have_no_personal_data
    event = self.event("webhook-buygoods_transaction_received")
    phone = event.transaction.sender_phone_number
    refute_empty phone
    Texts.of(event).each { |name, text| refute_includes text, phone, name }
    assert_includes event.to_h.to_s, phone
    assert_equal event, Marshal.load(Marshal.dump(event))
  end

  def test_dumps_have_no_tokens
    token = KopoKopo::Token.new(access_token: "canary-token", expires_in: 3600)
    [*Texts.of(token).values, Marshal.dump(token)].each { |text| refute_includes text, "canary-token" }
    assert_nil Marshal.load(Marshal.dump(token)).access_token
    assert_equal 3600, Marshal.load(Marshal.dump(token)).expires_in
  end

  def test_a_client_shows_no_credentials_and_is_not_dumped
    k2 = KopoKopo::Client.new(client_id: "id", client_secret: "canary-secret", api_key: "canary-key")
    Texts.of(k2).each { |name, text| refute_includes text, "canary", name }
    assert_raises(TypeError) { Marshal.dump(k2) }
  end

  def test_errors_can_be_dumped_and_matched
    error = assert_raises(KopoKopo::InvalidRequestError) { client.incoming_payments.create(**push, amount: 0) }
    assert_equal error.to_h, Marshal.load(Marshal.dump(error)).to_h
    case error
    in { kind: "invalid_request", field: "amount" } then pass
    end
  end

  def test_a_payment_is_compared_with_the_order
    amount = event.transaction.amount
    assert event.paid_at_least?(amount)
    refute event.paid_at_least?(amount + 1)
    assert_raises(KopoKopo::InvalidRequestError) { event.paid_at_least?(0) }
  end

  # In a process of its own: libraries that are loaded for other tests do not survive a compaction.
  def test_values_survive_the_garbage_collector
    output, = Open3.capture2e(RbConfig.ruby, "-w", "-I", File.expand_path("../lib", __dir__), "-r", "kopokopo", "-e", <<~'RUBY', "result-incoming-payment-success")
      verifier = KopoKopo::WebhookVerifier.new(api_keys: ["a-key"])
      body = File.binread("../tests/vectors/payloads/#{ARGV.first}.json")
      expected = verifier.parse_unverified(body).to_h
      GC.stress = true
      found = verifier.parse_unverified(body)
      GC.stress = false
      GC.compact if GC.respond_to?(:compact)
      puts found.to_h == expected && verifier.parse_unverified(body).to_h == expected
    RUBY
    assert_equal "true\n", output
  end

  def test_no_name_of_a_field_hides_a_method_of_every_object
    records = KopoKopo.constants.map { |name| KopoKopo.const_get(name) }.select { |found| found.is_a?(Class) && found < KopoKopo::Record }
    refute_empty records
    records.each { |record| assert_empty record.members & Object.instance_methods, record }
  end

  def test_the_transaction_of_an_event_is_that_of_its_payload_if_they_are_the_same
    received = event("webhook-buygoods_transaction_received")
    assert_same received.payload.transaction, received.transaction
    assert_predicate received.transaction, :frozen?
    assert_equal received, Marshal.load(Marshal.dump(received))
    refute_match(/[&*]\d/, YAML.dump(received))
    # The topic says more than the transaction's own status.
    reversed = event("webhook-buygoods_transaction_reversed")
    refute_same reversed.payload.transaction, reversed.transaction
    assert_equal "Reversed", reversed.transaction.status
  end
end
