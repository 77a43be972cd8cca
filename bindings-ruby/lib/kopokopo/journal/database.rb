# frozen_string_literal: true

module KopoKopo
  # What the journal and `once` have in common: a connection of ActiveRecord.
  module Database # :nodoc:
    DIALECTS = {
      "SQLite" => "sqlite", "PostgreSQL" => "postgres", "PostGIS" => "postgres", "Mysql2" => "mysql", "Trilogy" => "mysql",
    }.freeze

    # How long a statement waits for SQLite's lock, in milliseconds, if the configuration does not say.
    DEFAULT_WAIT = 5000

    # SQLite's number for `synchronous=FULL`.
    FULL = 2

    class << self
      # The dialect of a connection.
      def dialect(connection)
        name = connection.adapter_name
        DIALECTS.fetch(name) do
          fail_with("its adapter is #{name}; expected SQLite, PostgreSQL, MySQL or MariaDB")
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

      # Runs a statement, and returns how many rows it changed.
      def change(connection, statement, values)
        connection.exec_update(*bound(connection, statement, values))
      end

      # The rows of a query.
      def rows(connection, statement, values)
        connection.exec_query(*bound(connection, statement, values)).rows
      end

      # Runs the block with commits that are on the disk when they return. From 7.1 on Rails turns that off for SQLite, so that a
      # crash of the machine can undo the last ones. PostgreSQL has a setting for it.
      def synchronously(connection, &block)
        case dialect(connection)
        when "sqlite" then with_full_synchronous(connection, &block)
        when "postgres" then with_synchronous_commit(connection, &block)
        else yield
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

      def with_full_synchronous(connection)
        setting = connection.select_value("PRAGMA synchronous")
        return yield if setting >= FULL

        connection.execute("PRAGMA synchronous = #{FULL}")
        begin
          yield
        ensure
          connection.execute("PRAGMA synchronous = #{setting}")
        end
      end

      # The setting is the transaction's own: a pool of connections in between may share a session.
      def with_synchronous_commit(connection)
        return yield unless connection.select_value("SHOW synchronous_commit") == "off"

        connection.transaction do
          connection.execute("SET LOCAL synchronous_commit = on")
          yield
        end
      end

      # Without prepared statements adapters drop the values, so they are quoted in the statement, which has no other marks. Those
      # of MySQL do that by default.
      def bound(connection, statement, values)
        return [statement, "kopokopo", values] if connection.prepared_statements && dialect(connection) != "mysql"

        left = values.dup
        quoted = statement.gsub(/\?|\$(\d+)/) { connection.quote(Regexp.last_match(1) ? values[Regexp.last_match(1).to_i - 1] : left.shift) }
        [quoted, "kopokopo", []]
      end

      def missing?(error, table)
        text = error.message
        text.include?(table) && (text.match?(/no such table|relation .* does not exist|Table .* doesn't exist/))
      end
    end
  end
  private_constant :Database
end
