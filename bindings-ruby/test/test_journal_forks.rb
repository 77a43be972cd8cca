# frozen_string_literal: true

require "active_record"
require "socket"
require "sqlite3"
require "tmpdir"
require_relative "helper"

# Forks of a program that has a journal in a file of SQLite.
class TestJournalForks < KopoKopoTest
  # The child writes after the end of its parent, which would remove the log of the file.
  PROGRAM = <<~'RUBY'
    require "active_record"
    require "kopokopo"
    path, done = ARGV
    ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: path, pool: 10)
    K2 = KopoKopo::Client.from_env(journal: KopoKopo::ActiveRecordJournal.new)

    def pay(key)
      wage = KopoKopo::Destination::MobileWallet.new(phone_number: "0712345678", amount: 100, description: "Wages")
      K2.send_money.create(idempotency_key: key, destinations: [wage], callback_url: "https://shop.example/results")
    end

    # The program's own connection too.
    ActiveRecord::Base.connection.select_value("SELECT 1")
    pay("parent")
    ready, told = IO.pipe
    fork do
      parent = Process.ppid
      pay("child-before")
      told << "!"
      sleep 0.01 while Process.ppid == parent
      pay("child-after")
      File.write(done, "")
      sleep 60
    end
    ready.read(1)
  RUBY

  def setup
    sandbox.reset
    @folder = Dir.mktmpdir
    @path = "#{@folder}/journal.db"
    reader { |file| file.execute("PRAGMA journal_mode = WAL") }
  end

  def teardown
    ActiveRecord::Base.remove_connection
    FileUtils.remove_entry(@folder)
  end

  def test_records_of_a_child_stay_after_the_end_of_its_parent
    environment = sandbox.env
    lib = File.expand_path("../lib", __dir__)
    done = "#{@folder}/done"
    # A group of its own, so that the child can be ended too.
    program = spawn(environment, RbConfig.ruby, "-W0", "-I", lib, "-e", PROGRAM, @path, done, pgroup: true)
    Process.wait(program)
    assert_predicate $?, :success?
    deadline = now + 20
    sleep 0.02 until File.exist?(done) || now > deadline
    rows = reader { |file| file.execute("SELECT idempotency_key, state FROM kopokopo_journal ORDER BY created_at") }
    assert_equal [%w[parent accepted], %w[child-before accepted], %w[child-after accepted]], rows
  ensure
    Process.kill(:KILL, -program)
  end

  # It forks without the hook of `fork`. With the parent's connection, without its locks, the daemon would write to a log that
  # the end of any other program removes.
  def test_records_of_a_daemon_stay_after_the_end_of_another_program
    told = in_daemon_of_program do
      reader { |file| file.execute("SELECT count(*) FROM kopokopo_journal") }
    end
    assert_equal "sent", told
    rows = reader { |file| file.execute("SELECT idempotency_key, state FROM kopokopo_journal ORDER BY created_at") }
    assert_equal [%w[before accepted], %w[first accepted], %w[second accepted]], rows
  end

  def test_a_child_of_a_fork_while_another_thread_waits_for_the_file
    journal
    # The thread waits with the connection locked until the other one commits.
    first, second = Array.new(2) { SQLite3::Database.new(@path) }
    first.execute("BEGIN IMMEDIATE")
    second.busy_handler { sleep(0.01) || true }
    waiting = Thread.new { second.execute("CREATE TABLE t (a INTEGER)") }
    sleep 0.1
    Thread.new { sleep(0.3) && first.execute("COMMIT") }
    assert_equal "sent", in_child { pay && "sent" }
    waiting.join
    assert_equal 1, requests(CREATE).size
  end

  def test_a_child_of_a_fork_during_a_statement_sends_nothing
    journal
    first, second = Array.new(2) { SQLite3::Database.new(@path) }
    first.execute("BEGIN IMMEDIATE")
    second.busy_handler { sleep(0.01) || true }
    waiting = Thread.new { second.execute("CREATE TABLE t (a INTEGER)") }
    sleep 0.1
    forks = KopoKopo.send(:const_get, :Forks)
    longest = forks.longest
    forks.longest = 0.1
    assert_match(/JournalError.*forked during a statement/, in_child { pay })
    assert_empty requests(CREATE)
    first.execute("COMMIT")
    waiting.join
  ensure
    forks.longest = longest
  end

  private

  # Runs a program that becomes a daemon and pays twice. Between the payments the block is called.
  def in_daemon_of_program
    inner, outer = UNIXSocket.pair
    child = fork do
      outer.close
      journal
      pay("before")
      Process.daemon(true, true)
      report(inner) do
        pay("first")
        inner.write("!")
        inner.read(1)
        pay("second")
        "sent"
      end
    end
    inner.close
    Process.wait(child)
    assert outer.wait_readable(20), "the daemon hangs"
    assert_equal "!", outer.read(1)
    yield
    outer.write("!")
    assert outer.wait_readable(20), "the daemon hangs"
    Marshal.load(outer.read)
  ensure
    outer&.close
  end

  def now
    Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end

  def reader
    file = SQLite3::Database.new(@path)
    yield file
  ensure
    file.close
  end

  def journal
    ActiveRecord::Base.establish_connection(adapter: "sqlite3", database: @path, pool: 10)
    @k2 = client(journal: KopoKopo::ActiveRecordJournal.new)
  end

  def pay(key = "child")
    @k2.incoming_payments.create(**push, idempotency_key: key)
  end
end
