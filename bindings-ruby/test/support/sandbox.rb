# frozen_string_literal: true

require "json"
require "net/http"
require "open3"

# `k2 sandbox` in a process of its own, which ends when the tests end.
class Sandbox
  ROOT = File.expand_path("../../..", __dir__)
  K2 = ENV.fetch("K2_SANDBOX_BIN") { File.join(ENV.fetch("CARGO_TARGET_DIR", File.join(ROOT, "target")), "debug/k2") }
  PUSH = {
    till_number: "K000000", phone_number: "0712345678", amount: "100", callback_url: "https://shop.example/k2/results",
  }.freeze

  # One for all tests.
  def self.shared
    @shared ||= new
  end

  def initialize
    @stdin, stdout, = Open3.popen2(K2, "sandbox", "--json", "--exit-with-stdin", err: File::NULL)
    @startup = JSON.parse(stdout.gets)
    # The output is read to its end, otherwise the sandbox blocks when the pipe is full.
    Thread.new { stdout.each_line { |_| next } }
  end

  def base_url
    @startup.fetch("base_url")
  end

  def credentials
    @startup.slice("base_url", "client_id", "client_secret", "api_key").transform_keys(&:to_sym)
  end

  def control(method, path, body = nil)
    uri = URI("#{base_url}/_sandbox/#{path}")
    request = Net::HTTP.const_get(method.capitalize).new(uri, "content-type" => "application/json")
    request.body = JSON.generate(body) if body
    response = Net::HTTP.start(uri.host, uri.port) { |http| http.request(request) }
    raise "#{method} #{path}: #{response.code} #{response.body}" unless response.code.start_with?("2")

    response.body.to_s.empty? ? nil : JSON.parse(response.body)
  end

  def reset
    control("post", "reset")
  end

  def fault(**fault)
    control("put", "faults", fault)
  end

  def requests(operation)
    control("get", "requests").select { |request| request["operation"] == operation }
  end

  # Waits until a request of this operation has reached the sandbox.
  def await(operation)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 20
    while requests(operation).empty?
      raise "#{operation} was not sent" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline

      sleep 0.02
    end
  end
end
