# frozen_string_literal: true

require "timeout"
require_relative "helper"

# Loggers and subscribers get each call. What they do does not replace the outcome of a call.
class TestLog < KopoKopoTest
  SEND = "send_money.create"

  def setup
    sandbox.reset
    @subscribers = KopoKopo::Log.instance_variable_get(:@subscribers)
  end

  def teardown
    KopoKopo.logger = nil
    KopoKopo::Log.instance_variable_set(:@subscribers, @subscribers)
    sandbox.reset
  end

  def test_the_error_of_a_subscriber_does_not_replace_the_result
    seen = []
    [RuntimeError, NotImplementedError].each { |kind| KopoKopo.subscribe { raise kind, "a-text" } }
    KopoKopo.subscribe { |call| seen << call.outcome }
    k2 = client
    _, warnings = capture_io { 2.times { assert_kind_of String, pay(k2).id } }
    assert_equal %w[succeeded succeeded], seen
    assert_equal 2, warnings.lines.size
    assert_match(/failed with RuntimeError at .*test_log.rb/, warnings)
    refute_includes warnings, "a-text"
  end

  def test_the_error_of_a_logger_does_not_replace_the_result
    KopoKopo.logger = Object.new
    _, warnings = capture_io { assert_kind_of String, pay(client).id }
    assert_includes warnings, "failed with NoMethodError"
  end

  def test_a_closed_standard_error_does_not_replace_the_result
    KopoKopo.subscribe { raise "a-text" }
    before = $stderr
    $stderr = File.open(File::NULL).tap(&:close)
    assert_kind_of String, pay(client).id
  ensure
    $stderr = before
  end

  def test_the_error_of_a_subscriber_does_not_replace_an_unknown_outcome
    sandbox.fault(operation: SEND, kind: "reset_after_effect")
    KopoKopo.subscribe { raise "a-text" }
    capture_io { assert_raises(KopoKopo::OutcomeUnknownError) { pay(client) } }
  end

  def test_a_timeout_in_a_subscriber_keeps_the_id
    ended = false
    subscribe_once do
      sleep 5
    ensure
      ended = true
    end
    started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    error = assert_raises(KopoKopo::OutcomeUnknownError) { Timeout.timeout(1) { pay(client) } }
    assert_operator Process.clock_gettime(Process::CLOCK_MONOTONIC) - started, :<, 4
    assert ended
    assert_accepted(error)
  end

  def test_an_exception_of_another_thread_in_a_subscriber_waits_and_keeps_the_id
    entered = Queue.new
    told = []
    subscribe_once do
      entered << true
      sleep 0.3
    rescue StandardError
      told << "the subscriber got it"
    end
    KopoKopo.subscribe { |call| told << call.outcome }
    thread = quiet_thread { pay(client) }
    entered.pop
    thread.raise(IOError, "stop")
    error = assert_raises(KopoKopo::OutcomeUnknownError) { thread.value }
    assert_instance_of IOError, error.cause
    assert_equal ["succeeded"], told
    assert_accepted(error)
  end

  def test_what_must_end_the_program_has_the_outcome_as_its_cause
    entered = Queue.new
    subscribe_once do
      entered << true
      sleep 5
    end
    thread = quiet_thread do
      pay(client)
    rescue Interrupt => error
      error
    end
    entered.pop
    thread.raise(Interrupt, "shutdown")
    assert_accepted(thread.value.cause)
  end

  def test_an_interrupt_in_a_subscriber_does_not_replace_an_unknown_outcome
    sandbox.fault(operation: SEND, kind: "reset_after_effect")
    subscribe_once { sleep 5 }
    error = assert_raises(KopoKopo::OutcomeUnknownError) { Timeout.timeout(1) { pay(client) } }
    assert_nil error.id
  end

  def test_a_kill_in_a_subscriber_ends_the_thread
    entered = Queue.new
    subscribe_once do
      entered << true
      sleep 5
    end
    thread = quiet_thread { pay(client) }
    entered.pop
    thread.kill
    assert thread.join(2)
    assert_nil thread.value
  end

  def test_a_subscriber_can_have_a_time_limit_of_its_own
    seen = []
    subscribe_once do
      Timeout.timeout(0.2) { sleep 5 }
    rescue Timeout::Error => error
      seen << error.class
    end
    assert_kind_of String, pay(client).id
    assert_equal [Timeout::Error], seen
  end

  def test_a_timeout_of_a_read_stays_one
    k2 = client
    id = k2.incoming_payments.create(**push).id
    subscribe_once { sleep 5 }
    assert_raises(Timeout::Error) { Timeout.timeout(0.5) { k2.incoming_payments.get(id) } }
  end

  private

  def subscribe_once(&block)
    KopoKopo::Log.instance_variable_set(:@subscribers, @subscribers)
    KopoKopo.subscribe(&block)
  end

  def pay(client)
    destination = KopoKopo::Destination::MobileWallet.new(phone_number: "0712345678", amount: 500, description: "Wages")
    client.send_money.create(destinations: [destination], callback_url: "https://shop.example/k2")
  end

  # One request was sent, and the error has the id that its response had.
  def assert_accepted(error)
    assert_equal [SEND, 1], [error.operation, requests(SEND).size]
    assert_match(/\A[0-9a-f-]{36}\z/, error.id)
    assert_includes error.message, error.id
    assert_equal error.id, client.send_money.get(error.id).id
  end

  def quiet_thread(&block)
    Thread.new(&block).tap { |thread| thread.report_on_exception = false }
  end
end
