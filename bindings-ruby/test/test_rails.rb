# frozen_string_literal: true

require "json"
require "open3"
require "tmpdir"
require_relative "helper"

# The package in a real Rails application.
class TestRails < KopoKopoTest
  def found
    @@found ||= Dir.mktmpdir do |folder|
      sandbox.reset
      script = File.join(__dir__, "rails_app.rb")
      output, errors, status = Open3.capture3(RbConfig.ruby, script, folder, JSON.generate(sandbox.credentials))
      assert_predicate status, :success?, errors
      JSON.parse(output)
    end
  end

  def test_webhooks_are_verified_by_the_endpoint_and_in_a_controller
    assert_equal({ "/endpoint" => [200, 401, 401], "/controller" => [200, 401, 401] }, found["responses"])
    assert_equal ["buygoods_transaction_received"], found["seen"]
  end

  def test_a_key_sends_one_request_with_the_generated_tables
    assert_equal 1, found["ids"]
    assert_equal [true, false], found["first"]
    assert found["initializer"]
    assert_includes found["routes"], "mount KopoKopo::Rails::Engine"
  end

  def test_the_engine_handles_an_event_once_after_a_delivery_whose_handler_failed
    assert_equal [401, 401, 500, 200, 200], found["engine"]
    assert_equal %w[incoming_payment incoming_payment], found["handled"]
    assert_equal 500, found["unconfigured"]
    assert_includes found["log"], "config.kopokopo.handler must be the name of a class"
  end

  def test_the_generated_handler_credits_a_payment_once_and_ignores_other_events
    assert_equal [200, 200, 200, 200], found["generated"]
    assert_equal 1, found["log"].scan("paid: ").size
    assert_includes found["log"], "ignored buygoods_transaction_received"
  end

  def test_endpoints_and_controllers_follow_the_setting_of_the_journal
    assert_equal ["/default", "/controller"], found["observed"]
  end

  def test_wrong_options_of_an_endpoint_are_refused_when_it_is_made
    assert_equal %w[journal on_unreadable handler], found["refused"]
  end

  def test_calls_are_notifications
    assert_includes found["calls"], { "operation" => "incoming_payments.create", "outcome" => "succeeded" }
  end

  def test_the_log_has_no_personal_data
    assert_includes found["log"], "Processing by ResultsController#create"
    phone = event("webhook-buygoods_transaction_received").transaction.sender_phone_number
    payer = event.payload.incoming_payment.transaction.sender_phone_number
    refute_empty payer
    names = %w[sender_first_name sender_last_name].map { |name| event("webhook-buygoods_transaction_received").transaction.public_send(name) }.compact
    refute_empty names
    [phone, phone.delete("+"), payer.delete("+"), "0712345678", *names].each { |text| refute_includes found["log"], text }
  end
end
