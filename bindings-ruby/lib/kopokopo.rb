# frozen_string_literal: true

require "bigdecimal"
require "bigdecimal/util"
require "time"
require_relative "kopokopo/version"

# Client for the Kopo Kopo API (K2 Connect): M-PESA payments in Kenya.
#
# {KopoKopo::Client} calls the API. {KopoKopo::WebhookVerifier} verifies webhooks and result callbacks without a client.
# Every error is a {KopoKopo::Error}.
module KopoKopo
  require_relative "kopokopo/native"
  require_relative "kopokopo/word"
  require_relative "kopokopo/record"
  require_relative "kopokopo/log"
  require_relative "kopokopo/questions"
  require_relative "kopokopo/native_object"
  require_relative "kopokopo/generated/contract"

  autoload :ActiveRecordJournal, "#{__dir__}/kopokopo/journal/active_record"
  autoload :CustomJournal, "#{__dir__}/kopokopo/journal/custom"
  autoload :Once, "#{__dir__}/kopokopo/journal/once"
  autoload :Watch, "#{__dir__}/kopokopo/watch"
  private_constant :Once

  class << self
    # The logger of the package, with the methods of Ruby's `Logger`. It gets the operation, its result and its
    # duration, and no data of the request: at debug level, and at warn level if the outcome of a create is unknown,
    # or could not be written to the journal.
    # Default: none.
    #
    # @return [Logger, nil]
    attr_accessor :logger

    # Calls the block after each call of the API, with a {Log::Call}, on the thread that made the call.
    #
    # @return [void]
    def subscribe(&block)
      Log.subscribe(block)
    end

    # Claims an event inside of the caller's own database transaction. Returns whether it is the first time: then handle
    # it and commit. If the transaction is rolled back, the next delivery is the first again. Payments are claimed by
    # their `payment_key`, because one payment can be reported by two events; others by their `dedupe_key`.
    #
    # @param event [Event] A verified event.
    # @param connection [ActiveRecord::ConnectionAdapters::AbstractAdapter] The connection whose transaction is open,
    #   such as `Order.connection`. The tables must exist: see {journal_schema}.
    # @return [Boolean]
    # @raise [ConfigurationError] if the table `kopokopo_events` does not exist, or if no transaction is open
    def once(event, connection)
      Once.claim(event, connection)
    end

    # Loads every file of the package, which otherwise happens on first use. Servers that fork do it once before.
    #
    # @return [void]
    def eager_load!
      constants.each { |name| const_get(name) unless name == :ActiveRecordJournal }
      nil
    end
  end
end

require_relative "kopokopo/rails" if defined?(Rails::Railtie)
