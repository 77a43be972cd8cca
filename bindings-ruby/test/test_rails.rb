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
    assert_includes found["routes"], "KopoKopo::Rails.endpoint"
  end

  def test_calls_are_notifications
    assert_includes found["calls"], { "operation" => "incoming_payments.create", "outcome" => "succeeded" }
  end

  def test_the_log_has_no_personal_data
    assert_includes found["log"], "Processing by ResultsController#create"
    phone = event("webhook-buygoods_transaction_received").transaction.sender_phone_number
    [phone, phone.delete("+"), "0712345678"].each { |text| refute_includes found["log"], text }
  end
end
