# frozen_string_literal: true

require "fileutils"
require "open3"
require "pathname"
require "socket"
require "tmpdir"
require_relative "helper"

# `kopokopo/testing`: where the program comes from, forks, and the frameworks for tests.
class TestTestingProcesses < KopoKopoTest
  Testing = KopoKopo::Testing
  LIB = File.expand_path("../lib", __dir__)
  K2 = File.realpath(ENV.fetch("K2_SANDBOX_BIN"))

  # Runs the block with these variables, and a folder for programs, which is the PATH.
  def with_programs(**variables)
    before = ENV.to_h
    Dir.mktmpdir do |folder|
      ENV.update("K2_SANDBOX_BIN" => nil, "PATH" => folder, **variables.transform_keys(&:to_s))
      yield folder
    end
  ensure
    ENV.replace(before)
  end

  def program(folder, script)
    File.join(folder, "k2").tap { |path| File.write(path, "#!/bin/sh\n#{script}\n", perm: 0o755) }
  end

  def failure(**options)
    assert_raises(Testing::SandboxError) { Testing::Sandbox.start(**options, &:base_url) }.message
  end

  def test_missing_and_foreign_programs_are_one_clear_error
    with_programs do |folder|
      assert_match(/\Athe sandbox is not installed: install k2 with `cargo install --path cli` in .*, and set K2_SANDBOX_BIN to/, failure)
      assert_equal "binary: /nowhere/k2 is not a program: expected the path of k2", failure(binary: "/nowhere/k2")
      assert_equal "binary: #{folder} is not a program: expected the path of k2", failure(binary: Pathname.new(folder))
      program(folder, "echo k2 1.24, speech recognition")
      assert_match(%r{\A#{folder}/k2 is another program with the same name, not the sandbox: install k2 with}, failure)
      ENV["K2_SANDBOX_BIN"] = "/nowhere/k2"
      assert_equal "K2_SANDBOX_BIN: /nowhere/k2 is not a program: expected the path of k2", failure
    end
  end

  def test_program_of_the_path_and_of_the_environment_is_used
    with_programs do |folder|
      File.symlink(K2, File.join(folder, "k2"))
      assert_equal "ok", Testing::Sandbox.start { |found| found.health.status }
      ENV.update("PATH" => "", "K2_SANDBOX_BIN" => K2)
      assert_equal "ok", Testing::Sandbox.start { |found| found.health.status }
    end
  end

  def test_program_that_does_not_start_says_why
    with_programs do |folder|
      {
        "echo no such luck >&2; exit 3" => "did not start: no such luck", "exit 3" => "it ended with status 3 and no message",
        "kill -9 $$" => "it ended with a signal and no message", "echo '[1]'; read line" => "its first line is not as expected",
        'echo \'{"base_url": 1, "client_id": 1, "client_secret": 1, "api_key": 1}\'' => "its first line is not as expected",
      }.each { |script, reason| assert_includes failure(binary: program(folder, script)), reason }
      File.write(File.join(folder, "k2"), "not a program", perm: 0o755)
      assert_match(/\Acould not start .*Exec format error|did not start/, failure(binary: File.join(folder, "k2")))
    end
    assert_includes failure(port: URI(sandbox.base_url).port), "port is in use"
  end

  def test_program_that_is_silent_is_not_waited_for
    limit = Testing::Sandbox.send(:remove_const, :START_TIMEOUT)
    assert_equal 60.0, limit
    Testing::Sandbox.const_set(:START_TIMEOUT, 0.2)
    with_programs do |folder|
      # The pipe stays open in the process that it starts.
      assert_includes failure(binary: program(folder, "/bin/sleep 20; exit 0")), "did not start within 0 s"
    end
  ensure
    Testing::Sandbox.send(:remove_const, :START_TIMEOUT)
    Testing::Sandbox.const_set(:START_TIMEOUT, limit)
    Testing::Sandbox.send(:private_constant, :START_TIMEOUT)
  end

  # A sandbox whose port has a server that calls the block with each connection.
  def with_server(&serve)
    server = TCPServer.new("127.0.0.1", 0)
    thread = Thread.new { loop { serve.call(server.accept) } }
    startup = { base_url: "http://127.0.0.1:#{server.addr[1]}", client_id: "a", client_secret: "b", api_key: "c" }
    with_programs do |folder|
      binary = program(folder, "echo '#{JSON.generate(startup)}'; read line")
      return Testing::Sandbox.start(binary: binary) { |found| assert_raises(Testing::SandboxError) { found.reset }.message }
    end
  ensure
    thread&.kill
    server&.close
  end

  def test_call_without_a_response_is_not_sent_again_and_says_why
    count = 0
    message = with_server do |connection|
      count += 1
      connection.readpartial(10)
      connection.close
    end
    assert_equal ["POST /_sandbox/reset: the connection ended before the response", 1], [message, count]
  end

  def test_call_is_not_waited_for_without_end
    http = Testing.const_get(:Http)
    limit = http.send(:remove_const, :TIMEOUT)
    http.const_set(:TIMEOUT, 0.1)
    kept = []
    assert_equal "POST /_sandbox/reset: there was no response within 0.1 s", with_server { |connection| kept << connection }
  ensure
    http.send(:remove_const, :TIMEOUT)
    http.const_set(:TIMEOUT, limit)
  end

  # Runs Ruby, and returns what it prints.
  def run_ruby(script, *arguments, **variables)
    environment = { "K2_SANDBOX_BIN" => K2, **variables.transform_keys(&:to_s) }
    output, status = Open3.capture2e(environment, RbConfig.ruby, "-I", LIB, "-e", script, *arguments)
    assert_predicate status, :success?, output
    output
  end

  # A program that starts `k2`, whose process id it writes to a file.
  def with_pid_file
    Dir.mktmpdir do |folder|
      yield program(folder, "echo $$ > #{folder}/pid\nexec #{K2} \"$@\""), -> { Integer(File.read("#{folder}/pid")) }
    end
  end

  def wait_until_gone(pid)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 60
    while File.exist?("/proc/#{pid}") && !File.read("/proc/#{pid}/stat").include?(") Z")
      flunk "the sandbox #{pid} is still there" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
      sleep 0.02
    end
  rescue Errno::ENOENT, Errno::ESRCH
    # It has ended between both.
  end

  START = "require 'kopokopo/testing'; sandbox = KopoKopo::Testing::Sandbox.new;"

  def test_sandbox_ends_with_its_process_however_that_ends
    ["", "Process.kill(:KILL, Process.pid)", "exit!", "abort 'x'"].each do |ending|
      with_pid_file do |wrapper, pid|
        Open3.capture2e({ "K2_SANDBOX_BIN" => wrapper }, RbConfig.ruby, "-I", LIB, "-e", "#{START} #{ending}")
        wait_until_gone(pid.call)
      end
    end
  end

  def test_forked_process_neither_stops_the_sandbox_nor_keeps_it
    with_pid_file do |wrapper, pid|
      script = <<~RUBY
        #{START}
        Process.wait(fork { sandbox.close; exit })
        raise "stopped" unless sandbox.health.status == "ok"
        Process.wait(fork { exit!(sandbox.health.status == "ok" ? 0 : 1) })
        raise "not shared" unless $?.success?
        puts fork { $stdout.reopen(File::NULL); $stderr.reopen(File::NULL); sleep }
      RUBY
      child = Integer(run_ruby(script, K2_SANDBOX_BIN: wrapper))
      assert_equal 1, Process.kill(0, child)
      wait_until_gone(pid.call)
    ensure
      Process.kill(:KILL, child) if child
    end
  end

  # A class of tests, whose tests print the address of their sandbox.
  TESTS = <<~'RUBY'
    require "minitest"
    require "kopokopo/testing/minitest"
    Minitest::Runnable.runnables.delete(Minitest::Test)
    class ShopTest < Minitest::Test
      include KopoKopo::Testing::Minitest
      parallelize_me! if ENV["N"]

      4.times do |number|
        define_method("test_#{number}") do
          assert_empty k2_sandbox.requests
          assert_predicate k2_sandbox.settings.pace, :instant?
          assert_empty k2_sandbox.faults
          k2_sandbox.change_settings(pace: :manual)
          k2.oauth.token
          k2_sandbox.fault(kind: :delay)
          File.write(ARGV.first, "#{Process.pid} #{k2_sandbox.base_url}\n", mode: "a")
        end
      end

      def test_without_the_sandbox
        refute instance_variable_defined?(:@nothing)
      end
    end
  RUBY

  def sandboxes_of(script, **variables)
    Dir.mktmpdir do |folder|
      found = File.join(folder, "found")
      run_ruby("#{TESTS}\n#{script}", found, **variables)
      lines = File.readlines(found, chomp: true).map(&:split)
      [lines.size, lines.map(&:first).uniq.size, lines.map(&:last).uniq.size]
    end
  end

  def test_tests_of_a_process_share_a_sandbox_that_is_empty_and_as_it_started
    assert_equal [4, 1, 1], sandboxes_of("exit Minitest.run([])")
  end

  def test_tests_on_threads_do_not_share_a_sandbox
    lines, processes, addresses = sandboxes_of("exit Minitest.run([])", N: "4")
    assert_equal [4, 1], [lines, processes]
    assert_operator addresses, :<=, 4
  end

  # As Rails does it, after a test in the parent.
  def test_each_process_that_is_forked_has_its_own_sandbox
    script = <<~'RUBY'
      exit 1 unless Minitest.run([])
      2.times { fork { exit!(Minitest.run([]) ? 0 : 1) } }
      exit Process.wait2.last.success? && Process.wait2.last.success?
    RUBY
    assert_equal [12, 3, 3], sandboxes_of(script)
  end

  def documented(heading)
    section = File.read(File.join(ROOT, "docs/testing.md"))[/^#{heading}.*?^```ruby\n(.*?)^```/m, 1]
    refute_nil section, heading
    section
  end

  def test_example_for_minitest_runs
    assert_match(/2 runs, 3 assertions, 0 failures, 0 errors/, run_ruby(documented("Minitest, and so Rails:")))
  end

  def test_example_for_rspec_runs
    Dir.mktmpdir do |folder|
      File.write(File.join(folder, "checkout_spec.rb"), documented("RSpec:"))
      assert_match(/2 examples, 0 failures/, run_ruby("require 'rspec/core'; exit RSpec::Core::Runner.run(ARGV)", folder))
    end
  end
end
