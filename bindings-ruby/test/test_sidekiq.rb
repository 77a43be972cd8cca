# frozen_string_literal: true

require "json"
require "socket"
require "tmpdir"
require_relative "helper"

# A job of a real Sidekiq, with a Redis of its own, is shut down while a create waits.
class TestSidekiq < KopoKopoTest
  def setup
    sandbox.reset
    @folder = Dir.mktmpdir
    @processes = []
    socket = TCPServer.new("127.0.0.1", 0)
    port = socket.addr[1]
    socket.close
    start("redis-server", "--bind", "127.0.0.1", "--port", port.to_s, "--save", "", "--dir", @folder)
    poll("Redis does not start") { TCPSocket.new("127.0.0.1", port).close || true }
    @environment = {
      "REDIS_URL" => "redis://127.0.0.1:#{port}/0", "FOLDER" => @folder,
      "OPTIONS" => JSON.generate(**sandbox.credentials, private_token: true),
    }
  end

  def teardown
    @processes.dup.each { |process| stop(process, :KILL) }
    FileUtils.remove_entry(@folder)
  end

  def test_a_shutdown_during_a_create_with_a_key_sends_no_second_request
    sandbox.fault(operation: CREATE, kind: "hang_after_effect", times: nil)
    enqueue("order-1")
    worker = start_sidekiq
    sandbox.wait_for_request(CREATE)
    stop(worker, :TERM)
    assert_equal ["Sidekiq::Shutdown by KopoKopo::OutcomeUnknownError"], attempts, log
    # Sidekiq has put the job back, and another process runs it again.
    sandbox.clear_faults
    start_sidekiq
    poll("the job does not run again") { attempts.size > 1 }
    assert_match(/\AKopoKopo::(InProgress|OutcomeUnknown)Error/, attempts[1])
    assert_equal 1, requests(CREATE).size
  end

  private

  def enqueue(key)
    script = "AskToPay.perform_async(*JSON.parse(ARGV.first))"
    jobs = File.join(__dir__, "sidekiq_jobs.rb")
    assert system(@environment, RbConfig.ruby, "-r", jobs, "-e", script, JSON.generate([key, push]), %i[out err] => "#{@folder}/log"), log
  end

  def start_sidekiq
    start("sidekiq", "--require", File.join(__dir__, "sidekiq_jobs.rb"), "--timeout", "1", "--concurrency", "1")
  end

  def start(*command)
    process = spawn(@environment || {}, *command, %i[out err] => ["#{@folder}/log", "a"], chdir: @folder)
    @processes << process
    process
  end

  def stop(process, signal)
    return unless @processes.delete(process)

    Process.kill(signal, process)
    Process.wait(process)
  end

  def attempts
    File.readlines("#{@folder}/attempts", chomp: true)
  rescue Errno::ENOENT
    []
  end

  def log
    File.read("#{@folder}/log")
  end

  def poll(message)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 30
    until attempted { yield }
      flunk "#{message}: #{log}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
      sleep 0.05
    end
  end

  def attempted
    yield
  rescue Errno::ECONNREFUSED
    false
  end
end
