# frozen_string_literal: true

require_relative "database"

module KopoKopo
  # Claims events: see {KopoKopo.once}.
  module Once # :nodoc:
    class << self
      def claim(event, connection)
        unless connection.transaction_open?
          # A claim that is committed before the handler has succeeded loses the event if the handler fails.
          Database.fail_with("must be inside of a transaction: otherwise an event whose handler fails would be lost")
        end
        dialect = Database.dialect(connection)
        statement = KopoKopo.event_claim(dialect, Database.placeholder(dialect))
        values = [event.payment_key || event.dedupe_key, (Time.now.to_f * 1000).to_i]
        Database.explaining("kopokopo_events") { Database.change(connection, statement, values) == 1 }
      end
    end
  end
end
