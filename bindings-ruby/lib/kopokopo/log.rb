# frozen_string_literal: true

require "timeout"

module KopoKopo
  # What the package tells a logger and its subscribers about calls. It has no data of the request.
  module Log
    # A call of the API: its operation, its outcome (`succeeded`, `interrupted` or the kind of its error), its duration in
    # seconds, and the error, if there is one.
    Call = Struct.new(:operation, :outcome, :seconds, :error, keyword_init: true)

    # While subscribers run, exceptions of other threads that they could rescue wait. Time limits do not, because a
    # subscriber may have its own.
    WAITING = { ::Timeout::Error => :immediate, StandardError => :never }.freeze
    private_constant :WAITING

    @subscribers = []
    @failed = {}.compare_by_identity

    class << self
      # @private
      def subscribe(subscriber)
        @subscribers += [subscriber]
      end

      # Runs a call. `sends`: it makes something, so its outcome must not be lost.
      #
      # @private
      def measure(operation, sends: false, key: nil)
        return yield if KopoKopo.logger.nil? && @subscribers.empty?

        started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        outcome, error, result = "interrupted", nil, nil
        begin
          result = yield
          outcome = "succeeded"
          result
        rescue Error => error
          outcome = error.kind
          raise
        rescue Exception => error # rubocop:disable Lint/RescueException
          raise
        ensure
          # Also for what no `rescue` sees: `Timeout` and `Thread#kill`.
          seconds = Process.clock_gettime(Process::CLOCK_MONOTONIC) - started
          call = Call.new(operation: operation, outcome: outcome, seconds: seconds, error: error)
          keep(call, sends ? result : nil, key) { Thread.handle_interrupt(WAITING) { tell(call, sends) } }
        end
      end

      # Writes a line. An error of the logger is reported, and goes no further.
      #
      # @private
      def write(level, &line)
        logger = KopoKopo.logger
        quietly(logger) { logger.public_send(level, &line) } if logger
      end

      # Warns on the standard error if there is no logger.
      #
      # @private
      def warning(line)
        KopoKopo.logger ? write(:warn) { line } : warn(line)
      end

      private

      # Runs the block, in which the thread can be interrupted. What was sent must not be lost then, as the native library
      # does during the call.
      def keep(call, result, key)
        returned = false
        yield
        returned = true
      rescue Exception => raised # rubocop:disable Lint/RescueException
        returned = true
        unknown = unknown_outcome(call, result, key)
        raise if unknown.nil?

        # Otherwise the error of the call, which has it as its cause, goes on.
        Native.raise_interrupted(raised, unknown) unless unknown.equal?(call.error&.cause)
      ensure
        unless returned || Thread.current.status == "aborting"
          # A throw, as by `Timeout` before its version 0.4.
          unknown = unknown_outcome(call, result, key)
          raise unknown, cause: unknown.cause if unknown
        end
      end

      # What must be raised in place of an interrupt, if something was sent.
      def unknown_outcome(call, result, key)
        found = [call.error, call.error&.cause].grep(OutcomeUnknownError).first
        return found if found || result.nil?

        id = result.respond_to?(:ask) ? result.ask("id", {}) : nil
        OutcomeUnknownError.new(
          "the request was sent and accepted#{" with the id #{id}" if id}, and the program was interrupted while it logged " \
          "that: do not send it again", operation: call.operation, id: id, idempotency_key: key, attempts: 1,
        )
      end

      def tell(call, sends)
        describe(call, sends) if KopoKopo.logger
        @subscribers.each { |subscriber| quietly(subscriber) { subscriber.call(call) } }
      end

      def describe(call, sends)
        text = format("%s %s after %.3f s", call.operation, call.outcome, call.seconds)
        unknown = call.error.is_a?(OutcomeUnknownError) ? call.error : call.error&.cause
        if unknown.is_a?(OutcomeUnknownError)
          write(:warn) { "kopokopo: #{text}: outcome unknown: #{unknown.detail}" }
        elsif call.outcome == "interrupted" && sends
          write(:warn) { "kopokopo: #{text}: if its request was sent, its outcome is unknown" }
        else
          write(:debug) { "kopokopo: #{text}" }
        end
      end

      # Runs a part of the program whose failure must not become the outcome of a call.
      def quietly(part)
        yield
      rescue StandardError, ScriptError => error
        report(part, error)
      end

      # Says once that it fails, without the error's text, which may have anything in it.
      def report(part, error)
        return if @failed.key?(part)

        @failed[part] = true
        place = error.backtrace&.first
        warn("kopokopo: the logger or a subscriber failed with #{error.class}#{" at #{place}" if place}; its further " \
             "failures are not reported")
      rescue StandardError
        # The standard error is closed.
      end
    end
  end
end
