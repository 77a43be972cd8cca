# frozen_string_literal: true

module KopoKopo
  # What the journal and `once` have in common: a connection of ActiveRecord.
  module Database # :nodoc:
    # The adapters of MySQL send no parameters by default.
    DIALECTS = { "SQLite" => "sqlite", "PostgreSQL" => "postgres", "PostGIS" => "postgres" }.freeze

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
