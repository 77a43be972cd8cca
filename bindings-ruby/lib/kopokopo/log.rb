# frozen_string_literal: true

module KopoKopo
  # What the package tells a logger and its subscribers about calls. It has no data of the request.
  module Log
    # A call of the API: its operation, its outcome (`succeeded`, `interrupted` or the kind of its error), its duration in
    # seconds, and the error, if there is one.
    Call = Struct.new(:operation, :outcome, :seconds, :error, keyword_init: true)

    @subscribers = []

    class << self
      # @private
      def subscribe(subscriber)
        @subscribers += [subscriber]
      end

      # Runs a call.
      #
      # @private
      def measure(operation)
        return yield if KopoKopo.logger.nil? && @subscribers.empty?

        started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        outcome, error = "interrupted", nil
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
          tell(Call.new(operation: operation, outcome: outcome, seconds: seconds, error: error))
        end
      end

      private

      def tell(call)
        write(KopoKopo.logger, call) if KopoKopo.logger
        @subscribers.each { |subscriber| subscriber.call(call) }
      end

      def write(logger, call)
        text = format("%s %s after %.3f s", call.operation, call.outcome, call.seconds)
        unknown = call.error.is_a?(OutcomeUnknownError) ? call.error : call.error&.cause
        if unknown.is_a?(OutcomeUnknownError)
          logger.warn { "kopokopo: #{text}: outcome unknown: #{unknown.detail}" }
        elsif call.outcome == "interrupted" && call.operation.include?(".create")
          logger.warn { "kopokopo: #{text}: if its request was sent, its outcome is unknown" }
        else
          logger.debug { "kopokopo: #{text}" }
        end
      end
    end
  end
end
