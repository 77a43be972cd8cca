# frozen_string_literal: true

$LOAD_PATH.unshift(File.expand_path("../lib", __dir__))

require "minitest/autorun"
require_relative "support/sandbox"
require "kopokopo/testing/minitest"

# What tests have in common.
class KopoKopoTest < Minitest::Test
  include KopoKopo::Testing::Minitest

  CREATE = "incoming_payments.create"

  alias sandbox k2_sandbox

  def client(**options)
    sandbox.client(**options)
  end

  def push
    PUSH
  end

  # The requests of an operation.
  def requests(operation)
    sandbox.requests.select { |request| request.operation == operation }
  end

  def payload(name)
    File.binread(File.join(ROOT, "tests/vectors/payloads/#{name}.json"))
  end

  def event(name = "result-incoming-payment-success")
    KopoKopo::WebhookVerifier.new(api_keys: ["a-key"]).parse_unverified(payload(name))
  end

  # A sandbox whose payments take effect, but whose responses do not arrive.
  def hanging
    sandbox.reset
    sandbox.fault(operation: CREATE, kind: "hang_after_effect", times: nil)
    k2 = client
    k2.oauth.token_info
    k2
  end

  # Runs the block in a child process, and returns what it returns. The child must end within ten seconds.
  def in_child(&work)
    reader, writer = IO.pipe
    child = fork do
      reader.close
      report(writer, &work)
    end
    writer.close
    assert reader.wait_readable(10), "the child hangs"
    Marshal.load(reader.read)
  ensure
    reader&.close
    Process.kill(:KILL, child)
    Process.wait(child)
  end

  # Runs the block in a daemon of a child process, and returns what it returns.
  def in_daemon(&work)
    reader, writer = IO.pipe
    child = fork do
      reader.close
      Process.daemon(true, true)
      writer.puts(Process.pid)
      report(writer, &work)
    end
    writer.close
    Process.wait(child)
    daemon = Integer(reader.gets)
    assert reader.wait_readable(20), "the daemon hangs"
    Marshal.load(reader.read)
  ensure
    reader&.close
    begin
      Process.kill(:KILL, daemon) if daemon
    rescue Errno::ESRCH
      # It has ended.
    end
  end

  # Writes what the block returns, and ends the process.
  def report(writer)
    result = begin
      yield
    rescue Exception => error # rubocop:disable Lint/RescueException
      "#{error.class}: #{error.message}"
    end
    Marshal.dump(result, writer)
    writer.close
    exit!(0)
  end
end
