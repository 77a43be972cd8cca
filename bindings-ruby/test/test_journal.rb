# frozen_string_literal: true

require "active_record"
require "logger"
require "stringio"
require "tmpdir"
require_relative "helper"

# A create with a key happens once, in each of the databases.
module JournalTests
  CREATE = KopoKopoTest::CREATE

  # The program's own tables.
  class Order < ActiveRecord::Base
  end

  # A journal in a hash.
  class HashJournal < KopoKopo::CustomJournal
    def initialize
      super
      @records = {}
      @lock = Mutex.new
    end

    def insert(record)
      @lock.synchronize { @records.key?(record["idempotency_key"]) ? false : (@records[record["idempotency_key"]] = record) && true }
    end

    def update(record, version)
      @lock.synchronize do
        found = @records[record["idempotency_key"]]
        found && found["version"] == version ? (@records[record["idempotency_key"]] = record) && true : false
      end
    end

    def get(key)
      @records[key]
    end

    def list(query)
      found = @records.sort.map(&:last)
      found.select { |record| query["states"].empty? || query["states"].include?(record["state"]) }.first(query["limit"])
    end
  end

  def setup
    sandbox.reset
    connect
    drop_tables
  end

  def teardown
    drop_tables
    ActiveRecord::Base.remove_connection
  end

  def drop_tables
    %w[kopokopo_journal kopokopo_events].each { |table| ActiveRecord::Base.connection.drop_table(table, if_exists: true) }
  end

  def create_tables
    KopoKopo.journal_schema(dialect).each { |statement| ActiveRecord::Base.connection.execute(statement) }
  end

  def test_calls_with_the_same_key_send_one_request
    [KopoKopo::ActiveRecordJournal.new, HashJournal.new].each do |store|
      sandbox.reset
      k2 = client(journal: store)
      ids = Array.new(3) { k2.incoming_payments.create(**push, idempotency_key: "order-1").id }
      assert_equal 1, ids.uniq.size
      assert_equal 1, requests(CREATE).size
      assert_equal "accepted", k2.journal.get("order-1").state
      assert_equal ["order-1"], k2.journal.list.map(&:key)
    end
  end

  def test_another_process_sends_nothing_either
    id = client(journal: KopoKopo::ActiveRecordJournal.new).incoming_payments.create(**push, idempotency_key: "order-1").id
    same = in_child do
      connect
      client(journal: KopoKopo::ActiveRecordJournal.new).incoming_payments.create(**push, idempotency_key: "order-1").id
    end
    assert_equal id, same
    assert_equal 1, requests(CREATE).size
  end

  def test_a_rollback_of_the_program_does_not_remove_the_record
    k2 = client(journal: KopoKopo::ActiveRecordJournal.new)
    create_tables
    ActiveRecord::Base.transaction do
      k2.incoming_payments.create(**push, idempotency_key: "order-1")
      raise ActiveRecord::Rollback
    end
    k2.incoming_payments.create(**push, idempotency_key: "order-1")
    assert_equal 1, requests(CREATE).size
  end

  def test_the_outcome_is_written_after_the_caller_stopped_waiting
    k2 = client(journal: KopoKopo::ActiveRecordJournal.new)
    k2.oauth.token_info
    sandbox.fault(operation: CREATE, kind: "delay", delay_ms: 1500)
    error = assert_raises(KopoKopo::OutcomeUnknownError) do
      Timeout.timeout(0.7) { k2.incoming_payments.create(**push, idempotency_key: "order-1") }
    end
    assert_equal 1, error.message.scan("same idempotency key does not send it again").size
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + 10
    sleep 0.05 until k2.journal.get("order-1").state == "accepted" || Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
    k2.incoming_payments.create(**push, idempotency_key: "order-1")
    assert_equal 1, requests(CREATE).size
  end

  def test_tables_that_are_missing_are_named_and_nothing_is_sent
    store = KopoKopo::ActiveRecordJournal.new(create_tables: false)
    [client(journal: store), client.with_journal(store), client.with_journal(KopoKopo::ActiveRecordJournal.new, create_tables: false)].each do |k2|
      # What a client of another test still writes can have made them.
      drop_tables
      error = assert_raises(KopoKopo::JournalError) { k2.incoming_payments.create(**push, idempotency_key: "order-1") }
      assert_includes error.detail, "the table kopokopo_journal does not exist"
      assert_empty requests(CREATE)
    end
    refute ActiveRecord::Base.connection.table_exists?("kopokopo_journal")
  end

  def test_clients_of_every_constructor_leave_the_tables_to_the_store
    store = KopoKopo::ActiveRecordJournal.new(create_tables: false)
    before = ENV.to_h
    ENV.update(sandbox.env)
    token = client.oauth.token.access_token
    [KopoKopo::Client.from_env(journal: store), KopoKopo::Client.with_token_source(journal: store, base_url: sandbox.base_url) { token }].each do |k2|
      assert_raises(KopoKopo::JournalError) { k2.incoming_payments.create(**push, idempotency_key: "order-1") }
    end
    refute ActiveRecord::Base.connection.table_exists?("kopokopo_journal")
    client.with_journal(store, create_tables: true).incoming_payments.create(**push, idempotency_key: "order-1")
    assert ActiveRecord::Base.connection.table_exists?("kopokopo_journal")
  ensure
    ENV.replace(before)
  end

  def test_an_event_is_claimed_once_and_again_after_a_rollback
    create_tables
    first = nil
    Order.transaction do
      first = KopoKopo.once(event, Order.connection)
      raise ActiveRecord::Rollback
    end
    assert first
    assert(Order.transaction { KopoKopo.once(event, Order.connection) })
    refute(Order.transaction { KopoKopo.once(event, Order.connection) })
  end

  def test_a_claim_needs_a_transaction_and_its_table
    error = assert_raises(KopoKopo::ConfigurationError) { KopoKopo.once(event, Order.connection) }
    assert_includes error.detail, "transaction"
    error = assert_raises(KopoKopo::ConfigurationError) { Order.transaction { KopoKopo.once(event, Order.connection) } }
    assert_includes error.detail, "kopokopo_events"
  end

  def test_text_with_quotes_and_placeholders_stays_as_it_is
    store = KopoKopo::ActiveRecordJournal.new
    create_tables
    text = "it's 100% \\ ? $1 \"Wanjikũ\"\n"
    insert(store, error: text)
    found = JSON.parse(store.call(JSON.generate(sql: "SELECT error, version FROM kopokopo_journal WHERE idempotency_key = #{store.placeholder}", parameters: ["a-key"])))
    assert_equal [[text, 1]], found["rows"]
  end

  def test_the_program_needs_no_prepared_statements
    connect(prepared_statements: false)
    create_tables
    insert(KopoKopo::ActiveRecordJournal.new, error: "it's 100% \\ ? $1 \"Wanjikũ\"")
    k2 = client(journal: KopoKopo::ActiveRecordJournal.new)
    2.times { k2.incoming_payments.create(**push, idempotency_key: "order-?$1") }
    assert_equal "accepted", k2.journal.get("order-?$1").state
    assert_equal 1, requests(CREATE).size
    assert_equal([true, false], Array.new(2) { Order.transaction { KopoKopo.once(event, Order.connection) } })
  end

  # Runs the statement with which the core writes a record.
  def insert(store, error: nil)
    record = { idempotency_key: "a-key", version: 1, state: "started", operation: "send_money.create", fingerprint: "f", attempt: 1,
               owner: "o", created_at: 1, updated_at: 1, deadline_at: 1, error: error }
    marks = record.keys.each_index.map { |at| store.placeholder == "?" ? "?" : "$#{at + 1}" }
    sql = "INSERT INTO kopokopo_journal (#{record.keys.join(", ")}) VALUES (#{marks.join(", ")})"
    assert_equal({ "changed" => 1 }, JSON.parse(store.call(JSON.generate(sql: sql, parameters: record.values))))
  end

  # Fails to write what is not the beginning of an attempt.
  def test_an_outcome_that_is_not_written_is_a_warning_with_the_key
    failing = { KopoKopo::ActiveRecordJournal.new => "sql", HashJournal.new => "operation" }
    failing.each do |store, kind|
      original = store.method(:call)
      store.define_singleton_method(:call) do |request|
        raise IOError, "a-text" if JSON.parse(request)[kind].to_s.downcase.start_with?("update")

        original.call(request)
      end
      key = "order-#{dialect}-#{kind}"
      k2 = client(journal: store)
      _, warnings = capture_io { assert_kind_of String, k2.incoming_payments.create(**push, idempotency_key: key).id }
      assert_equal 1, warnings.lines.size, warnings
      assert_includes warnings, "could not write the outcome (accepted) of #{CREATE} with the idempotency key #{key}:"
      refute_includes warnings, "a-text"
      lines = StringIO.new
      KopoKopo.logger = Logger.new(lines)
      k2.incoming_payments.create(**push, idempotency_key: "#{key}-2")
      assert_match(/WARN.* key #{key}-2:/, lines.string)
    ensure
      KopoKopo.logger = nil
    end
  end

  def test_a_store_that_fails_fails_the_call_before_it_is_sent
    [->(_) { raise "the disk is full" }, ->(_) { 7 }].each do |store|
      error = assert_raises(KopoKopo::JournalError) { client(journal: store).incoming_payments.create(**push, idempotency_key: "order-1") }
      assert_match(/the disk is full|returned Integer/, error.detail)
    end
    assert_empty requests(CREATE)
  end
end

# In a file of SQLite.
class TestJournalSqlite < KopoKopoTest
  include JournalTests

  def dialect
    "sqlite"
  end

  def connect(**options)
    @folder ||= Dir.mktmpdir
    ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: "#{@folder}/shop.db", timeout: 5000, pool: 20, **options)
  end

  def teardown
    super
    FileUtils.remove_entry(@folder)
  end

  # A driver that waits with Ruby's lock held would stop the thread that has SQLite's lock.
  def test_a_call_waits_for_a_transaction_of_another_thread
    k2 = client(journal: KopoKopo::ActiveRecordJournal.new)
    create_tables
    locked = Queue.new
    writer = Thread.new do
      Order.transaction do
        KopoKopo.once(event, Order.connection)
        locked << true
        sleep 0.5
      end
    end
    locked.pop
    k2.incoming_payments.create(**push, idempotency_key: "order-1")
    writer.join
    assert_equal "accepted", k2.journal.get("order-1").state
  end

  # From 7.1 on Rails turns it off.
  def test_a_record_is_on_the_disk_before_the_request_is_sent
    connection = ActiveRecord::Base.connection
    settings = []
    create_tables
    ActiveSupport::Notifications.subscribed(
      ->(*, payload) { settings << payload[:connection].select_value("PRAGMA synchronous") if payload[:sql].start_with?("INSERT INTO kopokopo_journal") },
      "sql.active_record",
    ) do
      connection.execute("PRAGMA synchronous = 1")
      KopoKopo::ActiveRecordJournal.new(create_tables: false).then { |store| insert(store) }
    end
    assert_equal [2], settings
    assert_equal 1, connection.select_value("PRAGMA synchronous")
  end

  # A cleaner of temporary files, or a script that deploys, deletes the file or puts another in its place.
  def test_nothing_is_sent_if_the_file_is_deleted_or_replaced_while_it_is_open
    path = "#{@folder}/shop.db"
    replace = lambda do
      FileUtils.cp(path, "#{path}-2")
      File.rename("#{path}-2", path)
    end
    [replace, -> { File.delete(path) }].each do |move|
      k2 = client(journal: KopoKopo::ActiveRecordJournal.new)
      k2.incoming_payments.create(**push, idempotency_key: "before")
      sent = requests(CREATE).size
      move.call
      %w[before after].each do |key|
        error = assert_raises(KopoKopo::JournalError) { k2.incoming_payments.create(**push, idempotency_key: key) }
        assert_includes error.detail, "was deleted or replaced while it was open"
        assert_equal "RuntimeError: the file", error.detail[/RuntimeError: the file/]
      end
      assert_equal sent, requests(CREATE).size
      # A program that is started again uses what is there.
      ActiveRecord::Base.remove_connection
      connect
    end
  end

  def test_a_database_in_memory_is_refused
    ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: ":memory:")
    k2 = client(journal: KopoKopo::ActiveRecordJournal.new)
    error = assert_raises(KopoKopo::JournalError) { k2.incoming_payments.create(**push, idempotency_key: "order-1") }
    assert_includes error.detail, "in memory"
  end
end

# In PostgreSQL, if the step `ruby` has started one.
class TestJournalPostgres < KopoKopoTest
  URL = ENV.fetch("K2_TEST_POSTGRES", nil)
  include JournalTests if URL

  def dialect
    "postgres"
  end

  def connect(**options)
    ActiveRecord::Base.establish_connection(url: URL, pool: 20, **options)
  end

  if URL
    def test_a_record_is_on_the_disk_although_the_connection_does_not_wait_for_it
      connect(variables: { synchronous_commit: "off" })
      create_tables
      settings = []
      ActiveSupport::Notifications.subscribed(
        ->(*, payload) { settings << payload[:connection].select_value("SHOW synchronous_commit") if payload[:sql].start_with?("INSERT INTO kopokopo_journal") },
        "sql.active_record",
      ) { insert(KopoKopo::ActiveRecordJournal.new) }
      assert_equal ["on"], settings
      assert_equal "off", ActiveRecord::Base.connection.select_value("SHOW synchronous_commit")
      assert_equal 1, ActiveRecord::Base.connection.select_value("SELECT count(*) FROM kopokopo_journal")
    end
  end
end

# In MariaDB, if the step `ruby` has started one.
class TestJournalMariadb < KopoKopoTest
  URL = ENV.fetch("K2_TEST_MARIADB", nil)
  include JournalTests if URL

  def dialect
    "mysql"
  end

  def connect(**options)
    ActiveRecord::Base.establish_connection(url: URL.sub("mysql:", "mysql2:"), pool: 20, **options)
  end
end
