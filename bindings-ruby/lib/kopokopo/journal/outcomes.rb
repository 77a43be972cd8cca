# frozen_string_literal: true

require "json"

module KopoKopo
  # Warns of outcomes that a store could not write. The call has its result then, so nothing else says it.
  module Outcomes # :nodoc:
    # How many keys are remembered, to warn once of each.
    REMEMBERED = 100

    @lock = Mutex.new
    @warned = []

    class << self
      # The store has failed to run a request.
      def failed(request, error)
        key = key_of(JSON.parse(request))
        return if key.nil? || !first?(key)

        Log.warning("kopokopo: the journal could not write the outcome of the request with the idempotency key #{key.inspect} " \
                    "(#{error.class}), and tries it again. If that fails too, its record becomes unknown: see journal.reconcile")
      end

      private

      def first?(key)
        @lock.synchronize do
          next false if @warned.include?(key)

          @warned.shift if @warned.size == REMEMBERED
          @warned << key
        end
      end

      # The key of a request that writes an outcome. What is written before a request is sent has the state `started`, and its
      # failure is the caller's.
      def key_of(asked)
        key, state = asked["sql"] ? of_statement(asked["sql"], asked["parameters"]) : of_record(asked)
        key unless state == "started"
      end

      def of_record(asked)
        asked["record"].values_at("idempotency_key", "state") if asked["operation"] == "update"
      end

      def of_statement(sql, parameters)
        assigned = sql[/\AUPDATE .* SET (.*) WHERE idempotency_key = /m, 1]&.split(", ")
        return if assigned.nil?

        [parameters[assigned.size], parameters[assigned.index { |column| column.start_with?("state =") }]]
      end
    end
  end
end
