# frozen_string_literal: true

# Tries the gem that is installed in a folder, with a sandbox: a payment, and its result as a webhook.

require "kopokopo"
require_relative "support/sandbox"

path = Gem.loaded_specs.fetch("kopokopo").gem_dir
abort "#{path} is not in #{ARGV.first}" unless File.realpath(path).start_with?(File.realpath(ARGV.first))

sandbox = KopoKopo::Testing::Sandbox.new
k2 = KopoKopo::Client.new(**sandbox.credentials)
payment = k2.incoming_payments.create(**PUSH, phone_number: "254700000001").wait(interval: 0.05)
abort "not paid: #{payment.inspect}" unless payment.paid_at_least?("100", till_number: "K000000")

body = File.binread(File.join(ROOT, "tests/vectors/payloads/result-incoming-payment-success.json"))
event = k2.webhooks.verify(body, KopoKopo.sign_webhook(sandbox.credentials[:api_key], body))
abort "no event" unless event.payload.is_a?(KopoKopo::EventPayload::IncomingPayment)
require "kopokopo/rack"
puts "kopokopo #{KopoKopo::VERSION} works as a gem with Ruby #{RUBY_VERSION}"
