# frozen_string_literal: true

# Measures against what a Ruby program would write by hand, in the same process and in turns, and prints a line for each:
# `ruby benches/compare.rb`. Build the library first with `ruby build.rb addon`.

$LOAD_PATH.unshift(File.expand_path("../lib", __dir__))

begin
  require "faraday"
  require "net/http/persistent"
  # Faraday 1 has the adapter itself.
  require "faraday/net_http_persistent" if Faraday::VERSION.to_i > 1
rescue LoadError => error
  abort "#{error.message}: apt-get install ruby-faraday ruby-net-http-persistent (and ruby-faraday-net-http-persistent, if it exists)"
end
require "json"
require "net/http"
require "openssl"
require "kopokopo"
require_relative "../test/support/sandbox"

KEY = "a-key-of-a-benchmark"

def now
  Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

# The seconds of one call of each, the median of all rounds. Rounds are short, so that what else the machine does slows all of them.
def compare(count, rounds, **works)
  times = works.transform_values { [] }
  works.each_value(&:call)
  rounds.times do
    works.each do |name, work|
      started = now
      count.times { work.call }
      times[name] << ((now - started) / count)
    end
  end
  times.transform_values { |found| found.sort[rounds / 2] }
end

def report(id, ours, baseline)
  values = { id: id, ours: (ours * 1e6).round(1), baseline: (baseline * 1e6).round(1), unit: "us" }
  puts "measured #{JSON.generate(values)}"
end

def webhooks
  body = File.binread(File.join(ROOT, "tests/vectors/payloads/webhook-buygoods_transaction_received.json"))
  signature = KopoKopo.sign_webhook(KEY, body)
  verifier = KopoKopo::WebhookVerifier.new(api_keys: [KEY])
  found = compare(
    50, 201,
    ours: -> { verifier.verify(body, signature) },
    by_hand: lambda {
      expected = OpenSSL::HMAC.hexdigest("SHA256", KEY, body)
      raise unless OpenSSL.secure_compare(expected, signature)

      JSON.parse(body)
    },
  )
  report("ruby/verify_parse/own", found[:ours], found[:by_hand])
end

def creates
  sandbox = KopoKopo::Testing::Sandbox.new
  k2 = KopoKopo::Client.new(**sandbox.credentials, fresh_connections: false)
  fresh = KopoKopo::Client.new(**sandbox.credentials)
  token = k2.oauth.token.access_token
  uri = URI("#{sandbox.base_url}/api/v2/incoming_payments")
  body = JSON.generate(
    payment_channel: "M-PESA STK Push", till_number: "K000000", subscriber: { phone_number: "+254712345678" },
    amount: { currency: "KES", value: 100 }, _links: { callback_url: PUSH[:callback_url] },
  )
  headers = { "content-type" => "application/json", "accept" => "application/json", "authorization" => "Bearer #{token}" }
  created = lambda do |status|
    raise "status #{status}" unless status.to_s == "201"
  end
  http = Net::HTTP.start(uri.host, uri.port)
  persistent = Net::HTTP::Persistent.new(name: "benchmark")
  faraday = Faraday.new(url: sandbox.base_url, headers: headers) { |options| options.adapter :net_http_persistent }
  found = compare(
    5, 101,
    ours: -> { k2.incoming_payments.create(**PUSH) },
    net_http: -> { created.call(http.post(uri.path, body, headers).code) },
    persistent: lambda do
      request = Net::HTTP::Post.new(uri.path, headers)
      request.body = body
      created.call(persistent.request(uri, request).code)
    end,
    faraday: -> { created.call(faraday.post(uri.path, body).status) },
    # As by default, so that no create is sent on a connection that the server closes at that moment.
    fresh: -> { fresh.incoming_payments.create(**PUSH) },
    fresh_net_http: -> { created.call(Net::HTTP.start(uri.host, uri.port) { |opened| opened.post(uri.path, body, headers).code }) },
  )
  report("ruby/create_1/net_http", found[:ours], found[:net_http])
  report("ruby/create_1/net_http_persistent", found[:ours], found[:persistent])
  report("ruby/create_1/faraday", found[:ours], found[:faraday])
  report("ruby/create_1/fresh", found[:fresh], found[:fresh_net_http])
end

# What `require` adds to the start of Ruby.
def start
  lib = File.expand_path("../lib", __dir__)
  found = compare(
    1, 31,
    ours: -> { system(RbConfig.ruby, "-I", lib, "-e", "require 'kopokopo'", exception: true) },
    bare: -> { system(RbConfig.ruby, "-e", "", exception: true) },
  )
  puts "measured #{JSON.generate(id: "ruby/require", ours: ((found[:ours] - found[:bare]) * 1000).round(1), baseline: nil, unit: "ms")}"
end

webhooks
creates
start
