# frozen_string_literal: true

require "date"
require_relative "helper"

# What programs pass, and what is refused.
class TestArguments < KopoKopoTest
  def test_numbers_and_symbols_become_what_the_api_takes
    [100, "100", BigDecimal("1e2"), BigDecimal("100.00")].each do |amount|
      client.incoming_payments.create(**push, amount: amount, currency: :KES, metadata: { order: 7 })
    end
    bodies = requests(CREATE).map(&:body)
    assert_equal [%w[100 KES 7]], bodies.map { |body| [*body["amount"].values_at("value", "currency").map(&:to_s), body["metadata"]["order"].to_s] }.uniq
  end

  def test_text_without_an_encoding_is_text_and_other_bytes_are_refused
    id = client.incoming_payments.create(**push, till_number: "K000000".b).id
    refute_empty id
    error = assert_raises(KopoKopo::InvalidRequestError) { client.incoming_payments.create(**push, till_number: "\xff") }
    assert_equal "till_number", error.field
  end

  def test_what_has_no_exact_meaning_is_refused_by_its_field
    [[:amount, 1.5], [:amount, 3r], [:amount, BigDecimal("NaN")], [:amount, Float::NAN], [:amount, BigDecimal("1e999999999")],
     [:metadata, Object.new], [:phone_number, Date.new(2026, 1, 1)], [:amount, 2**200]].each do |field, value|
      error = assert_raises(KopoKopo::InvalidRequestError, "#{field}: #{value.class}") do
        client.incoming_payments.create(**push, field => value)
      end
      assert_equal field.to_s, error.field[/\A\w+/]
    end
    assert_empty requests(CREATE)
  end

  def test_a_value_that_contains_itself_is_refused
    metadata = {}
    metadata["self"] = metadata
    assert_raises(KopoKopo::InvalidRequestError) { client.incoming_payments.create(**push, metadata: metadata) }
  end

  def test_a_time_has_its_offset
    client.polling.create(
      scope: :company, from_time: Time.new(2020, 1, 1, 0, 0, 0, "+03:00"), to_time: "2100-01-01T00:00:00+03:00",
      callback_url: "https://shop.example/k2/results",
    )
    body = requests("polling.create").first.body
    assert_equal "2020-01-01T00:00:00+03:00", body["from_time"]
  end

  def test_options_are_refused_by_their_names
    error = assert_raises(KopoKopo::ConfigurationError) { client(environment: :moon) }
    assert_equal "environment", error.field
    assert_equal "timeout", assert_raises(KopoKopo::ConfigurationError) { client(timeout: 0) }.field
    assert_raises(ArgumentError) { KopoKopo::Client.new(client_id: "a") }
    assert_equal "journal", assert_raises(KopoKopo::ConfigurationError) { client(journal: Object.new) }.field
  end

  def test_a_float_and_an_object_in_place_of_its_id_are_refused_with_the_remedy
    error = assert_raises(KopoKopo::InvalidRequestError) { client.incoming_payments.create(**push, amount: 100.0) }
    assert_includes error.detail, "not a floating point number"
    made = client.incoming_payments.create(**push)
    error = assert_raises(KopoKopo::InvalidRequestError) { client.incoming_payments.wait(made) }
    assert_includes error.detail, "cannot be KopoKopo::CreatedIncomingPayment: pass its id"
  end

  def test_a_wait_and_a_watch_return_states
    k2 = client
    push_id = k2.incoming_payments.create(**push).id
    assert k2.incoming_payments.wait(push_id, interval: 0.05).paid?
    states = k2.incoming_payments.watch(push_id, interval: 0.05)
    assert_equal ["Success"], states.map { |payment| payment.status.to_s }
    assert_kind_of Enumerator, k2.incoming_payments.watch(push_id).each
  end
end
