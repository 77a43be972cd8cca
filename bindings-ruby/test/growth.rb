# frozen_string_literal: true

# A program that does not know what the contract got since it was written: `cargo xtask growth` runs it with a package that has a new
# field in a record and in a request.

$LOAD_PATH.unshift(File.expand_path("../lib", __dir__))

require "kopokopo"
require_relative "support/sandbox"

abort "the package does not have the new fields" unless KopoKopo::Customer.members.include?(:added)

sandbox = KopoKopo::Testing::Sandbox.new
k2 = KopoKopo::Client.new(**sandbox.credentials)
push = k2.incoming_payments.create(
  till_number: "K000000", phone_number: "254700000001", amount: "100", callback_url: "https://shop.example/k2/results",
)
payment = push.wait(interval: 0.05)
abort "not paid: #{payment.inspect}" unless payment.paid_at_least?("100")

# Records that a test of the program makes, and what was in a cache.
customer = KopoKopo::Customer.new(first_name: "Wanjiku", phone_number: "0712345678")
case customer
in { first_name: "Wanjiku", phone_number: String => number } then abort "another number" unless number == "0712345678"
end
old = customer.marshal_dump.reject { |name, _| name == :added }
restored = KopoKopo::Customer.allocate.tap { |record| record.marshal_load(old) }
abort "not the same after the cache" unless restored == customer && restored.with(first_name: "Achieng").first_name == "Achieng"

body = File.binread(File.join(ROOT, "tests/vectors/payloads/result-incoming-payment-success.json"))
event = k2.webhooks.verify(body, KopoKopo.sign_webhook(sandbox.credentials[:api_key], body))
abort "no event" unless event.payload.is_a?(KopoKopo::EventPayload::IncomingPayment)
puts "the program runs"
