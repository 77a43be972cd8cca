# frozen_string_literal: true

require "timeout"
require_relative "helper"

# An interrupt ends a wait. A create that was sent is reported as such, and is sent once.
class TestInterrupts < KopoKopoTest
  def teardown
    sandbox.reset
  end

  def test_timeout_after_the_request_was_sent_raises_outcome_unknown
    k2 = hanging
    started = now
    error = assert_raises(KopoKopo::OutcomeUnknownError) { Timeout.timeout(1) { k2.incoming_payments.create(**push) } }
    assert_operator now - started, :<, 5
    assert_equal [CREATE, 1], [error.operation, error.attempts]
    assert_instance_of Time, error.sent_at
    assert_equal 1, requests(CREATE).size
  end

  def test_timeout_with_a_class_raises_outcome_unknown_with_that_cause
    k2 = hanging
    error = assert_raises(KopoKopo::OutcomeUnknownError) do
      Timeout.timeout(1, IOError) { k2.incoming_payments.create(**push) }
    end
    assert_instance_of IOError, error.cause
  end

  def test_timeout_of_a_read_is_a_timeout
    sandbox.fault(operation: "incoming_payments.get", kind: "hang_after_effect", times: nil)
    k2 = client
    assert_raises(Timeout::Error) { Timeout.timeout(0.5) { k2.incoming_payments.get("an-id") } }
  end

  def test_timeout_before_the_request_was_sent_is_a_timeout_and_nothing_is_sent
    sandbox.fault(operation: "oauth.token", kind: "delay", delay_ms: 1000, times: nil)
    assert_raises(Timeout::Error) { Timeout.timeout(0.3) { client.incoming_payments.create(**push) } }
    sleep 1.2
    assert_empty requests(CREATE)
  end

  def test_an_exception_of_another_thread_becomes_the_cause
    k2 = hanging
    thread = quiet_thread { k2.incoming_payments.create(**push) }
    sandbox.wait_for_request(CREATE)
    thread.raise(ArgumentError, "stop")
    error = assert_raises(KopoKopo::OutcomeUnknownError) { thread.value }
    assert_instance_of ArgumentError, error.cause
  end

  def test_what_must_end_the_program_stays_and_has_the_outcome_as_its_cause
    k2 = hanging
    thread = quiet_thread do
      k2.incoming_payments.create(**push)
    rescue Interrupt => error
      error
    end
    sandbox.wait_for_request(CREATE)
    # As Sidekiq does at its shutdown.
    thread.raise(Interrupt, "shutdown")
    assert_instance_of KopoKopo::OutcomeUnknownError, thread.value.cause
  end

  def test_a_kill_ends_the_thread_and_is_logged
    k2 = hanging
    lines = Queue.new
    logger = Object.new
    logger.define_singleton_method(:debug) { |&text| lines << text.call }
    logger.define_singleton_method(:warn) { |&text| lines << "warning: #{text.call}" }
    KopoKopo.logger = logger
    thread = quiet_thread { k2.incoming_payments.create(**push) }
    sandbox.wait_for_request(CREATE)
    started = now
    thread.kill
    assert thread.join(5)
    assert_operator now - started, :<, 1
    assert_match(/\Awarning: .*#{CREATE} interrupted after .*: if its request was sent, its outcome is unknown/, lines.pop)
    assert_equal 1, requests(CREATE).size
  ensure
    KopoKopo.logger = nil
  end

  def test_a_wakeup_sends_no_second_request
    k2 = hanging
    thread = quiet_thread { k2.incoming_payments.create(**push) }
    sandbox.wait_for_request(CREATE)
    5.times do
      thread.wakeup
      sleep 0.05
    end
    assert thread.alive?
    assert_equal 1, requests(CREATE).size
    thread.kill
  end

  def test_ctrl_c_ends_the_program
    k2 = hanging
    result = in_child do
      thread = Thread.current
      Thread.new do
        sandbox.wait_for_request(CREATE)
        Process.kill(:INT, Process.pid)
      end
      trap("INT") { thread.raise(Interrupt) }
      begin
        k2.incoming_payments.create(**push)
      rescue Interrupt => error
        error.cause.class.name
      end
    end
    assert_equal "KopoKopo::OutcomeUnknownError", result
  end

  def test_a_signal_handler_that_returns_does_not_end_the_call
    sandbox.fault(operation: CREATE, kind: "delay", delay_ms: 800)
    k2 = client
    seen = 0
    before = trap("USR1") { seen += 1 }
    Thread.new { 3.times { sleep(0.1) && Process.kill(:USR1, Process.pid) } }
    assert_kind_of String, k2.incoming_payments.create(**push).id
    assert_equal 3, seen
    assert_equal 1, requests(CREATE).size
  ensure
    trap("USR1", before || "DEFAULT")
  end

  def test_other_threads_run_during_a_call
    k2 = hanging
    thread = quiet_thread { k2.incoming_payments.create(**push) }
    sandbox.wait_for_request(CREATE)
    count = 0
    started = now
    count += 1 while now - started < 0.1
    assert_operator count, :>, 100
    thread.kill
  end

  private

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  def quiet_thread
    thread = Thread.new do
      Thread.current.report_on_exception = false
      yield
    end
    thread.report_on_exception = false
    thread
  end
end
