# frozen_string_literal: true

require "active_record"
require "json"
require_relative "database"
require_relative "files"
require_relative "forks"

module KopoKopo
  # A journal in the database of an ActiveRecord class: SQLite, PostgreSQL, MySQL or MariaDB. Each statement runs on a connection
  # of its own from the class's pool, and is committed when it returns: a rollback of the program must not remove the record of a
  # sent request. So the pool needs a connection more for each thread that makes calls with a key at the same time.
  #
  #     k2 = KopoKopo::Client.from_env(journal: KopoKopo::ActiveRecordJournal.new)
  class ActiveRecordJournal
    # @return [Boolean]
    attr_reader :create_tables

    # @param base [Class] The class whose database is used. Default: `ActiveRecord::Base`.
    # @param create_tables [Boolean] Whether the tables are created if they do not exist. Turn it off if the program has
    #   migrations.
    def initialize(base = ActiveRecord::Base, create_tables: true)
      @base = base
      @create_tables = create_tables
      @files = Files.new
      Forks.watch(base)
    end

    # @return [String] the store is asked for its dialect, which needs a connection
    def dialect
      "ask"
    end

    # @return [String]
    def placeholder
      postgres?(@base.connection_db_config.adapter) ? "$1" : "?"
    end

    # @private
    def call(request)
      asked = JSON.parse(request)
      @files.check
      @base.connection_pool.with_connection do |connection|
        file = file_of(connection)
        Database.wait_without_lock(connection)
        next JSON.generate(Database.dialect(connection)) if asked["operation"] == "dialect"

        watching(file) do
          Database.explaining("kopokopo_journal") { run(connection, asked["sql"], asked["parameters"]) }
        end
      end
    end

    private

    def postgres?(adapter)
      %w[postgresql postgis].include?(adapter)
    end

    def watching(file, &block)
      file ? @files.watch(file, &block) : yield
    end

    # The file of SQLite. It refuses a transaction of the program, whose rollback would remove the record of a sent request, and
    # a database in memory, which forgets what was sent.
    def file_of(connection)
      Database.fail_with("must not be inside of a transaction of the program") if connection.transaction_open?
      return unless connection.adapter_name == "SQLite"

      Forks.check
      file = connection.select_rows("PRAGMA database_list").dig(0, 2)
      return file unless file.to_s.empty?

      Database.fail_with("its database is in memory: it must be a file, because a journal must survive the program")
    end

    def run(connection, sql, parameters)
      return JSON.generate(rows: Database.rows(connection, sql, parameters)) if sql.match?(/\A\s*SELECT/i)

      JSON.generate(changed: Database.synchronously(connection) { Database.change(connection, sql, parameters) })
    end
  end
end
