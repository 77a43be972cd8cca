# frozen_string_literal: true

module KopoKopo
  # What the journal and `once` have in common: a connection of ActiveRecord.
  module Database # :nodoc:
    # The adapters of MySQL send no parameters by default.
    DIALECTS = { "SQLite" => "sqlite", "PostgreSQL" => "postgres", "PostGIS" => "postgres" }.freeze

    # How long a statement waits for SQLite's lock, in milliseconds, if the configuration does not say.
    DEFAULT_WAIT = 5000

    class << self
      # The dialect of a connection.
      def dialect(connection)
        name = connection.adapter_name
        DIALECTS.fetch(name) do
          fail_with("its adapter is #{name}; expected SQLite or PostgreSQL")
        end
      end

      # How ActiveRecord's drivers mark parameters.
      def placeholder(dialect)
        dialect == "postgres" ? "$1" : "?"
      end

      # Lets the other threads run while a statement waits for SQLite's lock. Before its version 2.0 the driver waits with
      # Ruby's lock held, so that the thread that has SQLite's lock cannot commit, and the wait always fails.
      def wait_without_lock(connection)
        return unless connection.adapter_name == "SQLite"

        driver = connection.raw_connection
        return if driver.respond_to?(:busy_handler_timeout=)

        seconds = Integer(connection.pool.db_config.configuration_hash[:timeout] || DEFAULT_WAIT) / 1000.0
        deadline = nil
        driver.busy_handler do |count|
          now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
          deadline = now + seconds if count.zero?
          # An interrupt must not leave SQLite's code in the middle of a statement.
          Thread.handle_interrupt(Object => :never) { sleep 0.002 }
          now < deadline
        end
      end

      # Runs the block, and says how to create a table that does not exist.
      def explaining(table)
        yield
      rescue ActiveRecord::StatementInvalid => error
        raise unless missing?(error, table)

        fail_with("the table #{table} does not exist: create it in a migration with the statements of " \
                  "KopoKopo.journal_schema(dialect)")
      end

      def fail_with(remedy)
        raise ConfigurationError.new("connection: #{remedy}", field: "connection")
      end

      private

      def missing?(error, table)
        text = error.message
        text.include?(table) && (text.include?("no such table") || text.match?(/relation .* does not exist/))
      end
    end
  end
  private_constant :Database
end
