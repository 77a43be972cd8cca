# frozen_string_literal: true

# Performs the requests of the conformance runner with this package. tests/conformance.md describes them.

$LOAD_PATH.unshift(File.expand_path("../lib", __dir__))

require "json"
require "net/http"
require_relative "support/surface"
require_relative "support/tagged"
require_relative "support/texts"

HELLO = {
  "language" => "ruby",
  "engines" => ["threads"],
  "timestamp_digits" => 9,
  "keeps_offsets" => true,
  "journal" => true,
}.freeze

# Runs requests.
class Testee
  def initialize
    @clients = {}
    @log = Texts::Log.new
    @output = Mutex.new
    $stdout.sync = true
  end

  def run
    # The stack of a thread for each request that waits is small.
    $stdin.each_line { |line| Thread.new { respond(JSON.parse(line)) } }
  end

  private

  def respond(request)
    text = JSON.generate({ "id" => request["id"], **result_of(request) })
  rescue Exception => error # rubocop:disable Lint/RescueException
    warn error.full_message(highlight: false)
    text = JSON.generate({ "id" => request["id"], "exception" => "#{error.class}: #{error.message}" })
  ensure
    @output.synchronize { puts text }
  end

  # A response without its id.
  def result_of(request)
    case request["do"]
    when "hello" then return { "value" => HELLO }
    when "surface" then return { "value" => Surface.describe }
    end
    begin
      value = perform(request)
      response = { "value" => request["do"] == "client" ? nil : Tagged.to_tagged(value) }
    rescue KopoKopo::Error => value
      response = { "error" => Tagged.error_to_tagged(value) }
    end
    request["texts"] ? { **response, "texts" => { **Texts.of(value), "log" => @log.take } } : response
  end

  # The result of a request, and the client if it makes one.
  def perform(request)
    case request["do"]
    when "client" then make_client(request)
    when "call" then call(**request.slice("client", "operation", "with", "wait", "options").transform_keys(&:to_sym))
    when "verify"
      @clients[request["client"]].webhooks.verify(Base64.strict_decode64(request["body"]), request["signature"])
    when "verifier" then verifier(request)
    when "function" then Tagged.call_by_name(KopoKopo, request["name"], Tagged.from_tagged(request["with"]))
    when "close"
      @clients.delete(request["client"])
      nil
    else raise "unknown request: #{request["do"]}"
    end
  end

  def make_client(request)
    client = KopoKopo::Client.new(**in_seconds(request["options"], KopoKopo::Client))
    if (journal = request["journal"])
      options = (journal["options"] || {}).transform_keys(&:to_sym)
      client = client.with_journal(store_at(journal["url"]), **options)
    end
    @clients[request["client"]] = client
  end

  def verifier(request)
    options = Tagged.completed(KopoKopo::WebhookVerifier.instance_method(:initialize).parameters, request["options"].transform_keys(&:to_sym))
    signature = request["method"] == "parse_unverified" ? [] : [request["signature"]]
    KopoKopo::WebhookVerifier.new(**options).public_send(request["method"], Base64.strict_decode64(request["body"]), *signature)
  end

  # The journal's store, which is the runner's.
  def store_at(url)
    lambda do |request|
      response = Net::HTTP.post(URI(url), request)
      raise response.body unless response.code == "200"

      response.body.force_encoding("UTF-8")
    end
  end

  def call(client:, operation:, with: nil, wait: nil, options: nil)
    section, name = operation.split(".")
    found = @clients.fetch(client)
    found = found.with_options(**in_seconds(options)) if options
    arguments = Tagged.from_tagged(with || {})
    waiting = wait && in_seconds(wait)
    arguments, waiting = { **arguments, **(waiting || {}) }, nil if %w[wait watch].include?(name)
    result = Tagged.call_by_name(found.public_send(section), name, arguments)
    return result.to_a if name == "watch"

    waiting ? result.wait(**waiting) : result
  end

  def in_seconds(options, made = nil)
    found = options.to_h do |name, value|
      name.end_with?("_ms") ? [name.delete_suffix("_ms").to_sym, value.fdiv(1000)] : [name.to_sym, value]
    end
    made ? Tagged.completed(made.instance_method(:initialize).parameters, found) : found
  end
end

Testee.new.run
